/** What somebody without the keys can put on the wire, chosen by the fuzzer. */
import { appendFrame } from "../../lib/core/wire/frame.js";
import { bareUtack, sealedUtack } from "../../lib/core/wire/utack.js";
import { readUint32 } from "../../lib/core/wire/bytes.js";
import { OneFrame } from "../../lib/core/wire/datagram-frame.js";
import { HEADER_LENGTH } from "../../lib/core/wire/wire.js";
import { filled } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { withCrc } from "../support/core-frames.js";
import type { Choices } from "./choices.js";

const PAYLOAD_LENGTHS = [0, 16, 27, 28, 29, 32, 38, 48, 54, 60, 64, 480];
const SEQS = [0, 1, 2, 3, 63, 64, 65, 0xffff_fffe, 0xffff_ffff];

/** A copy of `frame` with a byte changed, cut or made longer; often with a CRC that is right again. */
export function damaged(choices: Choices, frame: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(frame);
  if (copy.length === 0) return copy;
  switch (choices.below(6)) {
    case 0:
      return copy.subarray(0, choices.uint16() % copy.length);
    case 1:
      return Uint8Array.from([...copy, ...choices.bytes(1 + choices.below(4))]);
    case 2:
      copy[choices.uint16() % copy.length]! ^= 1 + choices.below(255);
      return copy;
    case 3:
      // The header, where type, number and length are.
      copy[choices.below(Math.min(HEADER_LENGTH, copy.length))]! ^= 1 << choices.below(8);
      break;
    case 4:
      copy[3] = choices.below(14);
      break;
    default:
      copy[choices.uint16() % copy.length]! ^= 1 + choices.below(255);
  }
  return copy.length >= HEADER_LENGTH ? withCrc(copy) : copy;
}

/** A right frame of any type and number, with a payload that nobody sealed. */
export function forged(choices: Choices): Uint8Array {
  const type = choices.below(16);
  const seq = choices.of(SEQS);
  const payload = filled(choices.of(PAYLOAD_LENGTHS), 0);
  payload.set(choices.bytes(Math.min(4, payload.length)));
  const sink = new OneFrame();
  appendFrame(sink, type, seq, payload);
  return sink.bytes;
}

/** An acknowledgement of `frame` by somebody who does not have its key. */
export function forgedUtack(choices: Choices, frame: Uint8Array): Uint8Array {
  if (frame.length < HEADER_LENGTH) return filled(7, 0xac);
  const [type, seq] = [frame[3]!, readUint32(frame, 4)];
  if (choices.below(2) === 0) return bareUtack(type, seq);
  // No key of a rig's is made of two values.
  const key = Uint8Array.of(...filled(31, choices.byte()), 0x1f);
  return sealedUtack(crypto, key, type, seq);
}
