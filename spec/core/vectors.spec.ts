/** golden_vectors.json of the public reference; its source line says who made them. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { concat } from "../../lib/core/wire/bytes.js";
import { crc16 } from "../../lib/core/wire/crc16.js";
import { writeHeader } from "../../lib/core/wire/frame.js";
import { FrameDecoder } from "../../lib/core/stream/frame-decoder.js";
import { StreamOutbox } from "../../lib/core/stream/stream-outbox.js";
import { OrderedOpeningKey, SealingKey } from "../../lib/core/session/frame-cipher.js";
import { type SessionType } from "../../lib/core/wire/wire.js";
import { fromHex, toHex } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { asFrame, plainFrame } from "../support/core-frames.js";

interface GoldenVectors {
  readonly crc_cases: readonly { readonly input: string; readonly expected_crc: string }[];
  readonly aad_cases: readonly {
    readonly type: number;
    readonly seq: number;
    readonly length: number;
    readonly expected_aad: string;
  }[];
  readonly nonce_cases: readonly {
    readonly seq: number;
    readonly session_id: string;
    readonly expected_nonce: string;
  }[];
  readonly encryption_cases: readonly {
    readonly key: string;
    readonly session_id: string;
    readonly seq: number;
    readonly type: number;
    readonly plaintext: string;
    readonly expected_nonce: string;
    readonly expected_aad: string;
    readonly expected_ciphertext_tag: string;
  }[];
  readonly frame_cases: readonly {
    readonly type: number;
    readonly seq: number;
    readonly payload: string;
    readonly expected_frame: string;
  }[];
}

const file = new URL("../vectors/golden_vectors.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as GoldenVectors;

const KEY = fromHex("746869735f69735f615f766572795f7365637265745f6b65795f33325f627974");

function seal(key: Uint8Array, sessionId: Uint8Array, seq: number, type: number, plaintext: Uint8Array): Uint8Array {
  const outbox = new StreamOutbox();
  const sealing = new SealingKey({ crypto, cipher: "aes-256-gcm", sessionId }, Uint8Array.from(key), seq);
  sealing.seal(type as SessionType, plaintext, outbox);
  return concat(...outbox.take());
}

describe("golden vectors", () => {
  for (const { input, expected_crc } of golden.crc_cases) {
    it(`gives CRC ${expected_crc} for ${input.length / 2} bytes (§1)`, () => {
      expect(crc16(fromHex(input))).to.equal(Number.parseInt(expected_crc, 16));
    });
  }

  for (const { type, seq, length, expected_aad } of golden.aad_cases) {
    it(`writes header bytes 0..9 of type ${type}, seq ${seq} as ${expected_aad} (§4)`, () => {
      const header = new Uint8Array(10);
      writeHeader(header, 0, type, seq, length);
      expect(toHex(header)).to.equal(expected_aad.toLowerCase());
    });
  }

  for (const { seq, session_id, expected_nonce } of golden.nonce_cases) {
    // The last one is the number that we never send: only what we accept can be shown there.
    it(`builds the nonce of seq ${seq} (§4)`, () => {
      const context = { crypto, cipher: "aes-256-gcm", sessionId: fromHex(session_id) } as const;
      const nonce = fromHex(expected_nonce);
      const frame = new Uint8Array(12 + 28);
      writeHeader(frame, 0, 0x06, seq, 28);
      frame.set(nonce, 12);
      crypto.aead("aes-256-gcm", KEY).seal(nonce, frame.subarray(0, 10), new Uint8Array(0), frame, 24);
      expect(new OrderedOpeningKey(context, Uint8Array.from(KEY), seq).open(asFrame(frame))).to.have.lengthOf(0);
      if (seq < 0xffff_ffff) {
        const sealed = seal(KEY, context.sessionId, seq, 0x06, new Uint8Array(0));
        expect(toHex(sealed.subarray(12, 24))).to.equal(expected_nonce.toLowerCase());
      }
    });
  }

  for (const { key, session_id, seq, type, plaintext, ...expected } of golden.encryption_cases) {
    it(`seals and opens ${plaintext.length / 2} bytes at seq ${seq} (§4)`, () => {
      const frame = seal(fromHex(key), fromHex(session_id), seq, type, fromHex(plaintext));
      expect(toHex(frame.subarray(0, 10))).to.equal(expected.expected_aad.toLowerCase());
      expect(toHex(frame.subarray(12, 24))).to.equal(expected.expected_nonce.toLowerCase());
      expect(toHex(frame.subarray(12))).to.equal(expected.expected_ciphertext_tag.toLowerCase());

      const context = { crypto, cipher: "aes-256-gcm", sessionId: fromHex(session_id) } as const;
      const opened = new OrderedOpeningKey(context, fromHex(key), seq).open(asFrame(frame));
      expect(toHex(opened!)).to.equal(plaintext.toLowerCase());
    });
  }

  for (const { type, seq, payload, expected_frame } of golden.frame_cases) {
    it(`writes and finds the frame of type ${type}, seq ${seq} (§1)`, () => {
      expect(toHex(plainFrame(type, fromHex(payload), seq))).to.equal(expected_frame.toLowerCase());

      const decoder = new FrameDecoder();
      decoder.push(fromHex(expected_frame));
      const frame = decoder.next()!;
      expect({ type: frame.type, seq: frame.seq, payload: toHex(frame.payload) }).to.deep.equal({
        type,
        seq,
        payload: payload.toLowerCase(),
      });
    });
  }
});
