import { expect } from "chai";
import { PassThrough, Writable } from "node:stream";
import { restore, stub } from "sinon";

import { Serial, Serial1 } from "../../../lib/arduino/serial/hardware-serial.js";
import { runSketch } from "../../../lib/arduino/sketch/run-sketch.js";

/** All that was written so far: from Node 26 on, a read gives one chunk. */
function writtenTo(output: PassThrough): string {
  let text = "";
  for (let chunk: Buffer | null; (chunk = output.read() as Buffer | null) !== null;) text += chunk.toString();
  return text;
}

describe("Serial on streams", () => {
  afterEach(() => restore());

  it("reads commands from a stream and answers on another, until the sketch ends", async () => {
    const end = new AbortController();
    const input = new PassThrough();
    const output = new PassThrough();
    input.write("led on\r\nquit\r\n");
    await runSketch(
      {
        setup: () => Serial.begin(115_200),
        loop: async () => {
          const command = await Serial.readStringUntil("\n");
          command.trim();
          Serial.println(`> ${command.c_str()}`);
          if (command.equals("quit")) end.abort();
        },
      },
      { serial: { input, output }, signal: end.signal },
    );
    expect(writtenTo(output)).to.equal("> led on\r\n> quit\r\n");
    expect([input.listenerCount("data"), input.isPaused()]).to.deep.equal([0, true]);
  });

  it("wires the second port, and leaves a port alone that nothing is wired to", async () => {
    const end = new AbortController();
    const output = new PassThrough();
    await runSketch(
      {
        setup: () => {
          Serial.begin();
          Serial1.begin();
          Serial.print("nowhere");
          Serial1.print("here");
          end.abort();
        },
      },
      { serial: {}, serial1: { output }, signal: end.signal },
    );
    expect(writtenTo(output)).to.equal("here");
  });

  it("ends a sketch whose stream fails with its line and exit code 1", async () => {
    const said = stub(process.stderr, "write").returns(true);
    const before = process.exitCode;
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error("write EPIPE")) });
    try {
      await runSketch({ setup: () => Serial.begin(), loop: () => void Serial.println("tick") }, { serial: { output } });
      expect(process.exitCode).to.equal(1);
    } finally {
      process.exitCode = before;
    }
    expect(said.firstCall.args[0]).to.match(
      /^The sketch failed in loop\(\): the serial port's stream has failed: write EPIPE\n {4}at .*serial-on-streams\.spec\.[jt]s:\d+:\d+\n$/,
    );
  });
});
