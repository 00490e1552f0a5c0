/** HMAC-SHA256 and HKDF-SHA256, and the keys that the wire makes of them (§3, §6, §7), for every provider. */
import { expect } from "chai";
import type { CryptoProvider, KeyPair } from "../../lib/core/crypto-provider.js";
import { concat, fromHex, goldenVectors, hkdfVectors, hmacVectors, toHex, transcripts } from "./vectors.js";
import { keyPairFrom } from "../support/key-pair-from.js";

const KEYS_LENGTH = 64;
const UTACK_MAC_LENGTH = 8;
const HEADER_LENGTH = 12;

const ascii = new TextEncoder();

export function describeHash(crypto: CryptoProvider): void {
  describe("HMAC-SHA256", () => {
    for (const { name, key, data, mac } of hmacVectors.cases) {
      it(`meets the vector of RFC 4231 §${name}`, () => {
        expect(toHex(crypto.hmacSha256(fromHex(key), fromHex(data)))).to.equal(mac);
      });

      it(`meets the vector of RFC 4231 §${name} in several parts`, () => {
        const bytes = fromHex(data);
        const parts = [bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3)];
        expect(toHex(crypto.hmacSha256(fromHex(key), ...parts))).to.equal(mac);
      });
    }

    for (const { key, type, seq, expected_mac } of goldenVectors.utack_cases) {
      it(`meets the golden UTACK of type ${type}, seq ${seq} (§6)`, () => {
        const utack = Uint8Array.of(0xac, 0xac, type, seq, 0, 0, 0);
        const mac = crypto.hmacSha256(fromHex(key), utack).slice(0, UTACK_MAC_LENGTH);
        expect(toHex(mac).toUpperCase()).to.equal(expected_mac);
      });
    }
  });

  describe("HKDF-SHA256", () => {
    for (const { name, ikm, salt, info, okm } of hkdfVectors.cases) {
      it(`meets the vector of RFC 5869 §${name}`, () => {
        const derived = crypto.hkdfSha256(fromHex(ikm), fromHex(salt), fromHex(info), okm.length / 2);
        expect(toHex(derived)).to.equal(okm);
      });
    }

    it("derives 64 bytes that start with the 32 of a shorter request", () => {
      const ikm = fromHex("01".repeat(32));
      const salt = fromHex("02".repeat(32));
      const info = ascii.encode("usmp-v2");
      const okm = crypto.hkdfSha256(ikm, salt, info, KEYS_LENGTH);
      expect(okm).to.have.length(KEYS_LENGTH);
      expect(toHex(okm.slice(0, 32))).to.equal(toHex(crypto.hkdfSha256(ikm, salt, info, 32)));
    });

    it("returns key material that survives in its slices when it is wiped", () => {
      const okm = crypto.hkdfSha256(fromHex("01"), fromHex("02"), fromHex("03"), KEYS_LENGTH);
      const key = okm.slice(0, 32);
      const before = toHex(key);
      crypto.wipe(okm);
      expect(toHex(key)).to.equal(before);
    });
  });

  describe("the public SDK's key schedule", () => {
    for (const transcript of transcripts) {
      const nonce = fromHex(transcript.nonce);
      const sessionId = fromHex(transcript.session_id);
      const client = (): KeyPair => keyPairFrom(fromHex(transcript.client_private));
      const server = (): KeyPair => keyPairFrom(fromHex(transcript.server_private));

      it(`comes out for the transcript ${transcript.name} (§3)`, () => {
        const [pubC, pubS] = [client().publicKey, server().publicKey];
        const info = concat(ascii.encode("usmp-v2"), pubC, pubS);
        for (const shared of [client().sharedSecret(pubS)!, server().sharedSecret(pubC)!]) {
          const okm = toHex(crypto.hkdfSha256(shared, nonce, info, KEYS_LENGTH));
          expect(okm).to.equal(transcript.keys.k_c2s + transcript.keys.k_s2c);
        }
      });

      it(`comes out for the REKEY of the transcript ${transcript.name} (§7)`, () => {
        const { keys, rekey } = transcript;
        const info = concat(ascii.encode("usmp-rekey"), sessionId);
        const okm = crypto.hkdfSha256(fromHex(keys.k_c2s + keys.k_s2c), fromHex(rekey.salt), info, KEYS_LENGTH);
        expect(toHex(okm)).to.equal(rekey.k_c2s + rekey.k_s2c);
      });

      it(`proves the PSK as both ends of the transcript ${transcript.name} do (§3)`, () => {
        const payload = (type: string): string =>
          transcript.frames.find((frame) => frame.type === type)!.frame.slice(2 * HEADER_LENGTH);
        const psk = fromHex(transcript.psk);
        const publicKeys = concat(client().publicKey, server().publicKey);
        const hmacClient = crypto.hmacSha256(
          psk,
          fromHex("cdab0203"),
          nonce,
          fromHex(transcript.device_id),
          publicKeys,
        );
        const hmacServer = crypto.hmacSha256(psk, fromHex("cdab0204"), nonce, sessionId, publicKeys);
        expect(toHex(hmacClient)).to.equal(payload("HELLO_ACK"));
        expect(transcript.session_id + toHex(hmacServer)).to.equal(payload("SESSION_OK"));
      });
    }
  });
}
