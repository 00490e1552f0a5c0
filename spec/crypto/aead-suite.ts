/** Both ciphers of the wire (§4), for every provider. */
import { expect } from "chai";
import fc from "fast-check";
import type { Aead, CipherName, CryptoProvider } from "../../lib/core/crypto-provider.js";
import { arbitraryBytes, expectCode, expectUnprintable, SEED } from "./expectations.js";
import { aeadVectors, concat, fromHex, goldenVectors, toHex } from "./vectors.js";

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const HEADER_LENGTH = 10;
const MAX_PLAINTEXT_LENGTH = 452;

const CIPHERS: readonly CipherName[] = ["aes-256-gcm", "chacha20-poly1305"];

const KEY = fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
const NONCE = fromHex("2a0000002f68613090fdc8b2");
const HEADER = fromHex("cdab02052a0000004000");
const MESSAGE = new TextEncoder().encode("21.5 degrees");

function seal(aead: Aead, plaintext: Uint8Array, nonce = NONCE, associatedData = HEADER): Uint8Array {
  const out = new Uint8Array(plaintext.length + TAG_LENGTH);
  aead.seal(nonce, associatedData, plaintext, out, 0);
  return out;
}

/** `bytes` with one bit changed. */
function flipped(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.with(index, bytes[index]! ^ 0x10);
}

/** The same bytes in the middle of a larger buffer. */
function surrounded(bytes: Uint8Array): Uint8Array {
  return concat(fromHex("ffffffffff"), bytes, fromHex("ffffff")).subarray(5, 5 + bytes.length);
}

export function describeAead(crypto: CryptoProvider): void {
  describe("AEAD vectors", () => {
    for (const vector of aeadVectors.cases) {
      it(`meets ${vector.source}`, () => {
        const aead = crypto.aead(vector.cipher, fromHex(vector.key));
        const [nonce, associatedData] = [fromHex(vector.nonce), fromHex(vector.associatedData)];
        const sealed = seal(aead, fromHex(vector.plaintext), nonce, associatedData);
        expect(toHex(sealed)).to.equal(vector.ciphertext + vector.tag);
        expect(toHex(aead.open(nonce, associatedData, sealed)!)).to.equal(vector.plaintext);
      });
    }

    for (const vector of goldenVectors.encryption_cases) {
      it(`meets the golden payload with the nonce ${vector.expected_nonce} (§4)`, () => {
        const aead = crypto.aead("aes-256-gcm", fromHex(vector.key));
        const [nonce, associatedData] = [fromHex(vector.expected_nonce), fromHex(vector.expected_aad)];
        const payload = concat(nonce, seal(aead, fromHex(vector.plaintext), nonce, associatedData));
        expect(toHex(payload).toUpperCase()).to.equal(vector.expected_ciphertext_tag);
        const opened = aead.open(nonce, associatedData, payload.subarray(NONCE_LENGTH));
        expect(toHex(opened!).toUpperCase()).to.equal(vector.plaintext);
      });
    }
  });

  for (const cipher of CIPHERS) {
    describe(cipher, () => {
      let aead: Aead;

      beforeEach(() => {
        aead = crypto.aead(cipher, KEY);
      });

      for (const length of [0, 1, MAX_PLAINTEXT_LENGTH]) {
        it(`opens what it sealed, ${length} bytes of plaintext`, () => {
          const plaintext = Uint8Array.from({ length }, (_, index) => index & 0xff);
          const sealed = seal(aead, plaintext);
          expect(sealed).to.have.length(length + TAG_LENGTH);
          expect(toHex(aead.open(NONCE, HEADER, sealed)!)).to.equal(toHex(plaintext));
        });
      }

      it("opens anything it sealed, and nothing else that has the same length", () => {
        fc.assert(
          fc.property(
            arbitraryBytes(KEY_LENGTH),
            arbitraryBytes(NONCE_LENGTH),
            arbitraryBytes(HEADER_LENGTH),
            fc.uint8Array({ maxLength: MAX_PLAINTEXT_LENGTH }),
            fc.nat(),
            (key, nonce, associatedData, plaintext, position) => {
              const random = crypto.aead(cipher, key);
              const sealed = seal(random, plaintext, nonce, associatedData);
              expect(toHex(random.open(nonce, associatedData, sealed)!)).to.equal(toHex(plaintext));
              const forged = flipped(sealed, position % sealed.length);
              expect(random.open(nonce, associatedData, forged)).to.equal(null);
            },
          ),
          { seed: SEED, numRuns: 100 },
        );
      });

      it("gives null for a changed bit of ciphertext, tag, nonce or associated data", () => {
        const sealed = seal(aead, MESSAGE);
        expect(aead.open(NONCE, HEADER, flipped(sealed, 0))).to.equal(null);
        expect(aead.open(NONCE, HEADER, flipped(sealed, MESSAGE.length))).to.equal(null);
        expect(aead.open(NONCE, HEADER, flipped(sealed, sealed.length - 1))).to.equal(null);
        expect(aead.open(flipped(NONCE, 0), HEADER, sealed)).to.equal(null);
        expect(aead.open(NONCE, flipped(HEADER, 3), sealed)).to.equal(null);
        expect(toHex(aead.open(NONCE, HEADER, sealed)!)).to.equal(toHex(MESSAGE));
      });

      it("gives null under another key", () => {
        expect(crypto.aead(cipher, flipped(KEY, 31)).open(NONCE, HEADER, seal(aead, MESSAGE))).to.equal(null);
      });

      it("gives null for sealed bytes cut short, down to none", () => {
        const sealed = seal(aead, MESSAGE);
        for (let length = 0; length < sealed.length; length++) {
          expect(aead.open(NONCE, HEADER, sealed.subarray(0, length))).to.equal(null);
        }
      });

      it("seals in place into a frame that also holds nonce and associated data (§4)", () => {
        const offset = 3;
        const nonceAt = offset + 12;
        const sealedAt = nonceAt + NONCE_LENGTH;
        const frame = new Uint8Array(sealedAt + MESSAGE.length + TAG_LENGTH + 5).fill(0xee);
        frame.set(HEADER, offset);
        frame.set(NONCE, nonceAt);
        aead.seal(
          frame.subarray(nonceAt, sealedAt),
          frame.subarray(offset, offset + HEADER_LENGTH),
          MESSAGE,
          frame,
          sealedAt,
        );
        expect(toHex(frame)).to.equal(
          `eeeeee${toHex(HEADER)}eeee${toHex(NONCE)}${toHex(seal(aead, MESSAGE))}eeeeeeeeee`,
        );
      });

      it("takes views into larger buffers, and Buffers", () => {
        const sealed = seal(aead, MESSAGE);
        expect(toHex(seal(aead, surrounded(MESSAGE), surrounded(NONCE), surrounded(HEADER)))).to.equal(toHex(sealed));
        expect(toHex(seal(aead, Buffer.from(MESSAGE)))).to.equal(toHex(sealed));
        const opened = crypto
          .aead(cipher, surrounded(KEY))
          .open(surrounded(NONCE), surrounded(HEADER), surrounded(sealed));
        expect(toHex(opened!)).to.equal(toHex(MESSAGE));
      });

      it("refuses to write past the end of `out`", () => {
        const out = new Uint8Array(MESSAGE.length + TAG_LENGTH);
        expect(() => aead.seal(NONCE, HEADER, MESSAGE, out, 1)).to.throw(RangeError);
      });

      it("leaves its inputs as they were", () => {
        const inputs = [NONCE, HEADER, MESSAGE, KEY].map(toHex);
        const sealed = seal(aead, MESSAGE);
        const before = toHex(sealed);
        aead.open(NONCE, HEADER, sealed);
        aead.open(NONCE, HEADER, flipped(sealed, 0));
        expect(toHex(sealed)).to.equal(before);
        expect([NONCE, HEADER, MESSAGE, KEY].map(toHex)).to.deep.equal(inputs);
      });

      it("opens into a Buffer with memory of its own", () => {
        for (const plaintext of [MESSAGE, new Uint8Array(MAX_PLAINTEXT_LENGTH)]) {
          const opened = aead.open(NONCE, HEADER, seal(aead, plaintext))!;
          expect(Buffer.isBuffer(opened)).to.equal(true);
          expect(opened.buffer.byteLength).to.equal(plaintext.length);
        }
        expect(Buffer.isBuffer(aead.open(NONCE, HEADER, seal(aead, new Uint8Array(0))))).to.equal(true);
      });

      it("copies its key", () => {
        const key = new Uint8Array(KEY);
        const own = crypto.aead(cipher, key);
        key.fill(0);
        expect(toHex(seal(own, MESSAGE))).to.equal(toHex(seal(aead, MESSAGE)));
        own.wipe();
        expect(toHex(seal(crypto.aead(cipher, KEY), MESSAGE))).to.equal(toHex(seal(aead, MESSAGE)));
      });

      it("copies a key given as a Buffer, and leaves that one alone when it is wiped", () => {
        const key = Buffer.from(KEY);
        crypto.aead(cipher, key).wipe();
        expect(toHex(key)).to.equal(toHex(KEY));
      });

      it("refuses keys and nonces of a wrong length", () => {
        for (const length of [0, 16, 31, 33]) {
          expectCode("INVALID_ARG", () => crypto.aead(cipher, new Uint8Array(length)));
        }
        for (const length of [0, 8, 11, 13, 16]) {
          const nonce = new Uint8Array(length);
          expectCode("INVALID_ARG", () => seal(aead, MESSAGE, nonce));
          expectCode("INVALID_ARG", () => aead.open(nonce, HEADER, new Uint8Array(40)));
        }
      });

      it("refuses to seal or open once wiped, and wipes twice", () => {
        const sealed = seal(aead, MESSAGE);
        aead.wipe();
        aead.wipe();
        expectCode("CRYPTO", () => seal(aead, MESSAGE));
        expectCode("CRYPTO", () => aead.open(NONCE, HEADER, sealed));
        expectCode("CRYPTO", () => aead.open(NONCE, HEADER, new Uint8Array(0)));
      });

      it("does not print its key", () => {
        seal(aead, MESSAGE);
        expectUnprintable(aead, KEY);
        expectUnprintable(crypto, KEY);
      });
    });
  }
}

/** That what one provider seals the other opens, and that both seal to the same bytes. */
export function describeAeadAgreement(one: CryptoProvider, other: CryptoProvider): void {
  for (const cipher of CIPHERS) {
    it(`seals alike with ${cipher}`, () => {
      fc.assert(
        fc.property(
          arbitraryBytes(KEY_LENGTH),
          arbitraryBytes(NONCE_LENGTH),
          arbitraryBytes(HEADER_LENGTH),
          fc.uint8Array({ maxLength: MAX_PLAINTEXT_LENGTH }),
          (key, nonce, associatedData, plaintext) => {
            const sealed = seal(one.aead(cipher, key), plaintext, nonce, associatedData);
            const aead = other.aead(cipher, key);
            expect(toHex(seal(aead, plaintext, nonce, associatedData))).to.equal(toHex(sealed));
            expect(toHex(aead.open(nonce, associatedData, sealed)!)).to.equal(toHex(plaintext));
          },
        ),
        { seed: SEED, numRuns: 100 },
      );
    });
  }
}
