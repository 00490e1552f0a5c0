/** The frame decoder, against a reader of docs/protocol.md that sees the whole stream at once. */
import { appendFrame, type Frame } from "../../../lib/core/wire/frame.js";
import { crc16 } from "../../../lib/core/wire/crc16.js";
import { OneFrame, readDatagram } from "../../../lib/core/wire/datagram-frame.js";
import { FrameDecoder } from "../../../lib/core/stream/frame-decoder.js";
import { MAX_FRAME_LENGTH } from "../../../lib/core/wire/wire.js";
import { concat } from "../../../lib/core/wire/bytes.js";
import { isUsmpError } from "../../../lib/errors.js";
import { SeededRandom } from "../../../lib/transport/random.js";
import { toHex } from "../../support/core-bytes.js";
import { Choices } from "../choices.js";
import { hold, same } from "../invariant.js";

const LENGTHS = [0, 1, 28, 38, 452, 479, 480];

interface Reading {
  readonly frames: readonly string[];
  /** The error, and how many bytes had to be there for it. */
  readonly code: string | null;
  readonly failedAt: number;
}

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data);
  const isRaw = choices.below(2) === 0;
  const random = new SeededRandom(choices.uint16());
  const stream = isRaw ? choices.rest() : build(choices);

  const expected = reference(stream);
  const inOne = decode(stream, () => stream.length);
  same(inOne.code, expected.code, "the code, in one chunk");
  same(inOne.frames.join(), expected.frames.join(), "the frames, in one chunk");
  const byteByByte = decode(stream, () => 1);
  same(byteByByte.code, expected.code, "the code, byte by byte");
  same(byteByByte.frames.join(), expected.frames.join(), "the frames, byte by byte");
  same(byteByByte.failedAt, expected.failedAt, "where it fails, byte by byte");
  const cut = decode(stream, () => random.below(random.chance(0.3) ? 600 : 20));
  same(cut.code, expected.code, "the code, cut anywhere");
  same(cut.frames.join(), expected.frames.join(), "the frames, cut anywhere");

  const datagram = readDatagram(stream);
  const isOne = expected.code === null && expected.frames.length === 1 && expected.frames[0] === nameOf(stream);
  same(datagram !== null, isOne, "whether a datagram holds exactly one frame");
}

/** Frames, whole and damaged, and noise. */
function build(choices: Choices): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let length = 0; !choices.isOver && length < 8_000; length += parts.at(-1)!.length) {
    const what = choices.below(8);
    if (what === 0) {
      parts.push(choices.bytes(choices.below(16)));
      continue;
    }
    const payload = new Uint8Array(what === 1 ? choices.uint16() % 481 : choices.of(LENGTHS)).fill(choices.byte());
    const sink = new OneFrame();
    appendFrame(sink, choices.byte(), what === 2 ? choices.uint32() : choices.byte(), payload);
    const frame = sink.bytes;
    if (what === 3) frame[choices.uint16() % frame.length]! ^= choices.byte();
    else if (what === 4) frame[choices.below(12)] = choices.byte();
    parts.push(what === 5 ? frame.subarray(0, choices.uint16() % frame.length) : frame);
  }
  return concat(...parts);
}

/** §1, written a second time: what frames the whole stream begins with, and where it stops being one. */
function reference(stream: Uint8Array): Reading {
  const frames: string[] = [];
  let at = 0;
  const fail = (code: string, failedAt: number): Reading => ({ frames, code, failedAt });
  while (at < stream.length) {
    const left = stream.length - at;
    if (stream[at] !== 0xcd) return fail("FRAME", at + 1);
    if (left > 1 && stream[at + 1] !== 0xab) return fail("FRAME", at + 2);
    if (left > 2 && stream[at + 2] !== 2) return fail("VERSION", at + 3);
    if (left < 10) break;
    const length = stream[at + 8]! + 256 * stream[at + 9]!;
    if (length > 480) return fail("FRAME", at + 10);
    if (left < 12 + length) break;
    const frame = stream.subarray(at, at + 12 + length);
    const crc = crc16(concat(frame.subarray(0, 10), frame.subarray(12)));
    if (frame[10]! + 256 * frame[11]! !== crc) return fail("FRAME", at + 12 + length);
    frames.push(nameOf(frame));
    at += frame.length;
  }
  return { frames, code: null, failedAt: stream.length };
}

function decode(stream: Uint8Array, nextLength: () => number): Reading {
  const decoder = new FrameDecoder();
  const frames: string[] = [];
  let at = 0;
  let consumed = 0;
  try {
    while (at < stream.length) {
      // Chunks of a transport's own memory: what is left of an old one may be overwritten.
      const chunk = stream.slice(at, at + nextLength());
      at += chunk.length;
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
        frames.push(check(frame));
        consumed += frame.bytes.length;
      }
      chunk.fill(0xee);
      hold(at - consumed < MAX_FRAME_LENGTH, "more than one frame is held");
      same(decoder.holdsPartialFrame, at > consumed, "whether part of a frame is held");
    }
  } catch (error) {
    if (!isUsmpError(error)) throw error;
    return { frames, code: error.code, failedAt: at };
  }
  return { frames, code: null, failedAt: at };
}

function check({ type, seq, bytes, payload }: Frame): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  same(type, bytes[3], "the type");
  same(seq, view.getUint32(4, true), "the number");
  same(payload.length, bytes.length - 12, "the payload's length");
  return nameOf(bytes);
}

/** Short, and different for different frames: their hex would make long inputs slow. */
function nameOf(frame: Uint8Array): string {
  return `${frame.length}:${toHex(frame.subarray(0, 20))}:${crc16(frame)}`;
}
