import { expect } from "chai";
import firmwareReceiver, { crc32 } from "../../../examples/sketches/firmware-receiver/firmware-receiver.js";
import { ask, backOnline, type Bench, goOffline, startSketch, stopSketch } from "../../support/sketch-bench.js";

const CHUNK = 1_024;
const IMAGE = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const begin = (size = IMAGE.length, crc = crc32(0, IMAGE), version = "1.1"): Buffer =>
  Buffer.concat([Buffer.from("B"), u32(size), u32(crc), Buffer.from(version)]);
const chunk = (offset: number, bytes = IMAGE.subarray(offset, offset + CHUNK)): Buffer =>
  Buffer.concat([Buffer.from("D"), u32(offset), bytes]);
const end = "E";

describe("the sketch firmware-receiver", () => {
  let bench: Bench;

  /** Gives the device what it asks for, from `answer` on, until it wants no more or is at `stopAt`. */
  async function upload(answer: string, stopAt = IMAGE.length): Promise<string> {
    let wanted = Number(/^next (\d+)$/.exec(answer)?.[1]);
    while (wanted < stopAt) wanted = Number(/^next (\d+)$/.exec(await ask(bench, chunk(wanted)))?.[1]);
    return `next ${wanted}`;
  }

  beforeEach(async () => {
    bench = await startSketch(firmwareReceiver);
    expect(await bench.gateway.next()).to.equal("firmware 1.0");
  });

  afterEach(() => stopSketch(bench));

  it("has the CRC-32 that everybody has", () => {
    expect(crc32(0, Buffer.from("123456789"))).to.equal(0xcbf43926);
    expect(crc32(crc32(0, Buffer.from("1234")), Buffer.from("56789"))).to.equal(0xcbf43926);
  });

  it("installs an image, restarts, and says its new version", async () => {
    expect(await upload(await ask(bench, begin()))).to.equal("next 10000");
    expect(await ask(bench, end)).to.equal("installed 1.1");
    expect(bench.board.lives).to.equal(1);
    expect(await bench.board.advanceUntil(() => bench.board.lives === 2)).to.be.closeTo(500, 5);
    expect(await bench.gateway.next()).to.equal("firmware 1.1");
  });

  it("asks again for what comes twice, or too early, and writes neither", async () => {
    await ask(bench, begin());
    expect(await ask(bench, chunk(0))).to.equal("next 1024");
    expect(await ask(bench, chunk(0))).to.equal("next 1024");
    expect(await ask(bench, chunk(4_096))).to.equal("next 1024");
    expect(await ask(bench, end)).to.equal("next 1024");
    expect(await upload("next 1024")).to.equal("next 10000");
    expect(await ask(bench, end)).to.equal("installed 1.1");
  });

  it("goes on in the next session where the last one ended", async () => {
    await upload(await ask(bench, begin()), 5_000);
    await goOffline(bench);
    expect(await backOnline(bench)).to.equal("firmware 1.0");
    const wanted = await bench.gateway.next();
    expect(wanted).to.equal("next 5120");
    expect(await ask(bench, begin())).to.equal("next 5120");
    await upload(wanted);
    expect(await ask(bench, end)).to.equal("installed 1.1");
  });

  it("goes on with a gateway that was restarted, after every chunk", async () => {
    let wanted = await ask(bench, begin());
    for (let offset = CHUNK; offset < IMAGE.length; offset += CHUNK) {
      await upload(wanted, offset);
      await bench.gateway.restart();
      expect(await bench.gateway.next()).to.equal("firmware 1.0");
      wanted = await bench.gateway.next();
      expect(wanted).to.equal(`next ${offset}`);
    }
    await upload(wanted);
    expect(await ask(bench, end)).to.equal("installed 1.1");
  });

  it("installs nothing whose CRC is wrong, and takes the right one afterwards", async () => {
    await upload(await ask(bench, begin(IMAGE.length, 12345)));
    expect(await ask(bench, end)).to.equal("ERR crc");
    await bench.board.advance(5_000);
    expect(bench.board.lives).to.equal(1);
    await upload(await ask(bench, begin()));
    expect(await ask(bench, end)).to.equal("installed 1.1");
  });

  it("starts over for another image", async () => {
    await upload(await ask(bench, begin()), 5_000);
    expect(await ask(bench, begin(2_000, 7))).to.equal("next 0");
  });

  for (const [what, message, answer] of [
    ["a chunk that nothing began", chunk(0), "ERR no begin"],
    ["an end that nothing began", "E", "ERR no begin"],
    ["an image of no bytes", begin(0), "ERR size"],
    ["an image larger than its partition", begin(1536 * 1024 + 1), "ERR size"],
    ["a version that is too long", begin(10, 10, "1.1".repeat(6)), "ERR begin"],
    ["a begin that is cut off", Buffer.from("B123"), "ERR begin"],
    ["another message", "hello", "ERR unknown"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect(await ask(bench, message)).to.equal(answer);
    });
  }

  it("refuses a chunk without bytes, and bytes past the announced end", async () => {
    await ask(bench, begin(10));
    expect(await ask(bench, chunk(0, new Uint8Array(0)))).to.equal("ERR chunk");
    await ask(bench, begin(10));
    expect(await ask(bench, chunk(0, new Uint8Array(11)))).to.equal("ERR longer than announced");
  });

  it("forgets an upload that nobody has continued for ten minutes", async () => {
    await upload(await ask(bench, begin()), 5_000);
    expect(await bench.gateway.next({ withinMs: 601_000 })).to.equal("ERR timeout");
    expect(await ask(bench, begin())).to.equal("next 0");
  });

  it("has nothing of an upload after a power cut but the version that is installed", async () => {
    await upload(await ask(bench, begin()), 5_000);
    bench.board.cutPower();
    await bench.board.start(firmwareReceiver);
    expect(await bench.gateway.next()).to.equal("firmware 1.0");
    await bench.gateway.expectNothing(5_000);
    expect(await ask(bench, begin())).to.equal("next 0");
  });
});
