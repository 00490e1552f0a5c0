import { expect } from "chai";
import { PassThrough, Readable, Writable } from "node:stream";

import { StreamPort } from "../../../lib/arduino/board/stream-port.js";

/** Everything that is to be read, read as it comes. */
async function readAll(port: StreamPort, count: number): Promise<string> {
  let text = "";
  while (text.length < count) {
    if (port.available === 0) await arrival(port);
    text += String.fromCharCode(port.read());
  }
  return text;
}

function arrival(port: StreamPort): Promise<void> {
  return new Promise((resolve) => {
    const stop = port.onArrival(() => {
      stop();
      resolve();
    });
  });
}

/** Unlike `once` of Node it does not take an error for its own. */
function closed(stream: Readable | Writable): Promise<void> {
  return new Promise((resolve) => stream.once("close", resolve));
}

describe("StreamPort", () => {
  it("touches no stream before it is used", () => {
    const touched: string[] = [];
    const streams = {
      get input() {
        touched.push("input");
        return new PassThrough();
      },
      get output() {
        touched.push("output");
        return new PassThrough();
      },
    };
    const port = new StreamPort(streams);
    port.release();
    expect(touched).to.deep.equal([]);
    port.write(Uint8Array.of(1));
    expect(touched).to.not.include("input");
  });

  it("writes bytes as they are, and copies them", () => {
    const output = new PassThrough();
    const bytes = Uint8Array.of(0, 255, 10);
    new StreamPort({ output }).write(bytes);
    bytes.fill(7);
    expect([...(output.read() as Buffer)]).to.deep.equal([0, 255, 10]);
  });

  it("reads what comes, also as text", async () => {
    const port = new StreamPort({ input: Readable.from(["on\n", Buffer.from("off\n")]) });
    expect(await readAll(port, 7)).to.equal("on\noff\n");
  });

  it("loses nothing of a stream that is faster than the sketch", async () => {
    const sent = Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("");
    const port = new StreamPort({ input: Readable.from([sent.slice(0, 1_500), sent.slice(1_500)]) });
    expect(await readAll(port, sent.length)).to.equal(sent);
  });

  it("holds at most 256 unread bytes, and pauses its stream", async () => {
    const input = new PassThrough();
    const port = new StreamPort({ input });
    input.write(Buffer.alloc(1_000));
    await arrival(port);
    expect(port.available).to.equal(256);
    expect(input.isPaused()).to.equal(true);
  });

  it("lets go of its input, keeps what came, and listens again when it is read", async () => {
    const input = new PassThrough();
    const port = new StreamPort({ input });
    input.write("ab");
    await arrival(port);
    port.release();
    expect([input.isPaused(), input.listenerCount("data"), input.listenerCount("error")]).to.deep.equal([true, 0, 0]);
    expect(port.read()).to.equal(97);
    expect(input.listenerCount("data")).to.equal(1);
  });

  it("goes on where nothing is wired to it", () => {
    const port = new StreamPort({});
    port.write(Uint8Array.of(1));
    expect([port.available, port.read(), port.peek()]).to.deep.equal([0, -1, -1]);
  });

  it("refuses to write once its stream has failed, and says why", async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error("write EPIPE")) });
    const port = new StreamPort({ output });
    port.write(Uint8Array.of(1));
    await closed(output);
    expect(() => port.write(Uint8Array.of(2))).to.throw("the serial port's stream has failed: write EPIPE");
  });

  it("refuses to write to a stream that was closed", () => {
    const port = new StreamPort({ output: new PassThrough().end() });
    expect(() => port.write(Uint8Array.of(2))).to.throw("the stream is closed that the serial port writes to");
  });

  it("refuses to read once its stream has failed", async () => {
    const input = new PassThrough();
    const port = new StreamPort({ input });
    expect(port.available).to.equal(0);
    input.destroy(new Error("read EIO"));
    await closed(input);
    expect(() => port.available).to.throw("the serial port's stream has failed: read EIO");
  });

  it("only falls silent where its input ends", async () => {
    const input = Readable.from(["x"]);
    const port = new StreamPort({ input });
    await readAll(port, 1);
    await closed(input);
    expect(port.read()).to.equal(-1);
  });
});
