import { expect } from "chai";
import fc from "fast-check";
import { FrameDecoder } from "../../../lib/core/stream/frame-decoder.js";
import { concat } from "../../../lib/core/wire/bytes.js";
import { counted, flipped, fromHex, NOTHING, toHex } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame } from "../../support/core-frames.js";

/** The frames in `chunks`, as hex: views are only good until the next call. */
function decode(...chunks: readonly Uint8Array[]): string[] {
  const decoder = new FrameDecoder();
  return chunks.flatMap((chunk) => drain(decoder, chunk));
}

function drain(decoder: FrameDecoder, chunk: Uint8Array): string[] {
  const found: string[] = [];
  decoder.push(chunk);
  for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
    expect(toHex(frame.bytes.subarray(12))).to.equal(toHex(frame.payload));
    found.push(toHex(frame.bytes));
  }
  return found;
}

function oneByOne(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

describe("FrameDecoder", () => {
  const first = plainFrame(0x05, counted(40), 3);
  const second = plainFrame(0x06, NOTHING, 4);
  const both = concat(first, second);
  const expected = [toHex(first), toHex(second)];

  it("finds two frames wherever their stream is cut", () => {
    for (let cut = 0; cut <= both.length; cut++) {
      expect(decode(both.subarray(0, cut), both.subarray(cut)), `cut at ${cut}`).to.deep.equal(expected);
    }
  });

  it("finds two frames wherever their stream is cut twice", () => {
    for (let one = 0; one <= both.length; one++) {
      for (let two = one; two <= both.length; two++) {
        const chunks = [both.subarray(0, one), both.subarray(one, two), both.subarray(two)];
        expect(decode(...chunks), `cut at ${one} and ${two}`).to.deep.equal(expected);
      }
    }
  });

  it("finds frames that arrive one byte at a time", () => {
    expect(decode(...oneByOne(both))).to.deep.equal(expected);
  });

  it("finds fifty frames in one chunk, in order", () => {
    const frames = Array.from({ length: 50 }, (_, seq) => plainFrame(0x05, counted(seq), seq));
    expect(decode(concat(...frames))).to.deep.equal(frames.map(toHex));
  });

  it("finds the same frames however the stream is cut", () => {
    const frame = fc
      .record({ type: fc.nat(255), seq: fc.nat(0xffff_ffff), payload: fc.uint8Array({ maxLength: 480 }) })
      .map(({ type, seq, payload }) => plainFrame(type, payload, seq));
    const stream = fc.array(frame, { maxLength: 6 });
    const cuts = fc.array(fc.nat(3000), { maxLength: 12 });
    const property = fc.property(stream, cuts, (frames, at) => {
      const bytes = concat(...frames);
      const sorted = [0, ...at.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
      expect(decode(...chunks)).to.deep.equal(frames.map(toHex));
    });
    fc.assert(property, { seed: 101, numRuns: 200 });
  });

  it("rejects a wrong magic at byte 1 and at byte 2, before more is there", () => {
    expectCode(() => decode(fromHex("00")), "FRAME");
    expectCode(() => decode(fromHex("cd"), fromHex("cd")), "FRAME");
    expectCode(() => decode(both, fromHex("cd 00")), "FRAME");
  });

  it("rejects versions 1 and 3, in one chunk and byte by byte", () => {
    for (const version of [1, 3]) {
      const frame = Uint8Array.from(first);
      frame[2] = version;
      expectCode(() => decode(frame), "VERSION");
      expectCode(() => decode(...oneByOne(frame).slice(0, 3)), "VERSION");
    }
  });

  it("rejects a length of 481 or 65535 as soon as ten bytes are there", () => {
    for (const length of ["e101", "ffff"]) {
      const header = fromHex(`cdab 02 05 00000000 ${length}`);
      expect(decode(...oneByOne(header).slice(0, 9))).to.deep.equal([]);
      expectCode(() => decode(header), "FRAME");
      expectCode(() => decode(...oneByOne(header)), "FRAME");
    }
  });

  it("takes a payload of 480 bytes, cut anywhere", () => {
    const largest = plainFrame(0x05, counted(480));
    for (let cut = 0; cut <= largest.length; cut++) {
      expect(decode(largest.subarray(0, cut), largest.subarray(cut)), `cut at ${cut}`).to.deep.equal([toHex(largest)]);
    }
  });

  it("rejects a frame with a flipped bit, whole and byte by byte", () => {
    for (const index of [3, 4, 7, 10, 11, 12, -1]) {
      const damaged = flipped(first, index, 0x10);
      expectCode(() => decode(damaged), "FRAME");
      expectCode(() => decode(...oneByOne(damaged)), "FRAME");
    }
  });

  it("gives the frames before a damaged one", () => {
    const decoder = new FrameDecoder();
    decoder.push(concat(first, flipped(second, 11)));
    expect(toHex(decoder.next()!.bytes)).to.equal(toHex(first));
    expectCode(() => decoder.next(), "FRAME");
  });

  it("shows whether it holds part of a frame", () => {
    const decoder = new FrameDecoder();
    expect(decoder.holdsPartialFrame).to.equal(false);
    for (let cut = 1; cut < first.length; cut++) {
      drain(decoder, first.subarray(0, cut));
      expect(decoder.holdsPartialFrame, `after ${cut} bytes`).to.equal(true);
      drain(decoder, first.subarray(cut));
      expect(decoder.holdsPartialFrame).to.equal(false);
    }
  });

  it("stays at null until there is another chunk", () => {
    const decoder = new FrameDecoder();
    for (const chunk of [both, both.subarray(0, 20)]) {
      drain(decoder, chunk);
      expect(decoder.next()).to.equal(null);
      expect(decoder.next()).to.equal(null);
    }
  });

  it("keeps no chunk: the transport may overwrite it later", () => {
    const decoder = new FrameDecoder();
    const chunk = Uint8Array.from(both.subarray(0, 20));
    expect(drain(decoder, chunk)).to.deep.equal([]);
    chunk.fill(0);
    expect(drain(decoder, both.subarray(20))).to.deep.equal(expected);
  });

  it("changes no byte of a chunk", () => {
    const chunks = [both.subarray(0, 17).slice(), both.subarray(17).slice()];
    const before = chunks.map(toHex);
    decode(...chunks);
    expect(chunks.map(toHex)).to.deep.equal(before);
  });

  it("takes an empty chunk for nothing", () => {
    expect(decode(NOTHING, first.subarray(0, 5), NOTHING, first.subarray(5), NOTHING)).to.deep.equal([toHex(first)]);
  });
});
