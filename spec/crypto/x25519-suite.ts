/** X25519 (§3), for every provider. */
import { expect } from "chai";
import fc from "fast-check";
import sodium from "libsodium-wrappers";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { arbitraryBytes, expectCode, expectUnprintable, SEED } from "./expectations.js";
import { fromHex, toHex, x25519Vectors } from "./vectors.js";
import { keyPairFrom } from "../support/key-pair-from.js";

const KEY_LENGTH = 32;

function littleEndian(decimal: string): Uint8Array {
  return fromHex(BigInt(decimal).toString(16).padStart(64, "0")).reverse();
}

export function describeX25519(crypto: CryptoProvider): void {
  describe("X25519", () => {
    const { exchanges, diffieHellman, lowOrder } = x25519Vectors;

    for (const [index, { privateKey, publicKey, shared }] of exchanges.cases.entries()) {
      it(`meets vector ${index + 1} of RFC 7748 §5.2`, () => {
        const pair = keyPairFrom(fromHex(privateKey));
        expect(toHex(pair.sharedSecret(fromHex(publicKey))!)).to.equal(shared);
      });
    }

    it("meets the Diffie-Hellman of RFC 7748 §6.1 from both sides", () => {
      const alice = keyPairFrom(fromHex(diffieHellman.alicePrivate));
      const bob = keyPairFrom(fromHex(diffieHellman.bobPrivate));
      expect(toHex(alice.publicKey)).to.equal(diffieHellman.alicePublic);
      expect(toHex(bob.publicKey)).to.equal(diffieHellman.bobPublic);
      expect(toHex(alice.sharedSecret(bob.publicKey)!)).to.equal(diffieHellman.shared);
      expect(toHex(bob.sharedSecret(alice.publicKey)!)).to.equal(diffieHellman.shared);
    });

    it("agrees with libsodium on public keys and shared secrets", () => {
      const key = arbitraryBytes(KEY_LENGTH);
      fc.assert(
        fc.property(key, key, (privateKey, peerPrivateKey) => {
          const pair = keyPairFrom(privateKey);
          const peer = sodium.crypto_scalarmult_base(peerPrivateKey);
          expect(toHex(pair.publicKey)).to.equal(toHex(sodium.crypto_scalarmult_base(privateKey)));
          expect(toHex(pair.sharedSecret(peer)!)).to.equal(toHex(sodium.crypto_scalarmult(privateKey, peer)));
        }),
        { seed: SEED, numRuns: 25 },
      );
    });

    it("generates pairs that agree on a secret, a new pair each time", () => {
      const client = crypto.generateKeyPair();
      const server = crypto.generateKeyPair();
      expect(client.publicKey).to.have.length(KEY_LENGTH);
      expect(toHex(client.publicKey)).not.to.equal(toHex(server.publicKey));
      const shared = client.sharedSecret(server.publicKey);
      expect(shared).to.have.length(KEY_LENGTH);
      expect(shared).to.deep.equal(server.sharedSecret(client.publicKey));
    });

    it("generates the public key that libsodium computes from the other side", () => {
      const privateKey = crypto.randomBytes(KEY_LENGTH);
      const pair = crypto.generateKeyPair();
      const shared = sodium.crypto_scalarmult(privateKey, pair.publicKey);
      expect(toHex(pair.sharedSecret(sodium.crypto_scalarmult_base(privateKey))!)).to.equal(toHex(shared));
    });

    it("gives the same pair for the same private key, which it copies", () => {
      const privateKey = fromHex(diffieHellman.alicePrivate);
      const pair = keyPairFrom(privateKey);
      privateKey.fill(0);
      expect(toHex(pair.sharedSecret(fromHex(diffieHellman.bobPublic))!)).to.equal(diffieHellman.shared);
      expect(toHex(keyPairFrom(fromHex(diffieHellman.alicePrivate)).publicKey)).to.equal(toHex(pair.publicKey));
    });

    for (const u of lowOrder.u) {
      it(`gives null for the low-order public key ${u} (§3)`, () => {
        const publicKey = littleEndian(u);
        const pair = crypto.generateKeyPair();
        expect(pair.sharedSecret(publicKey)).to.equal(null);
        publicKey[KEY_LENGTH - 1]! |= 0x80; // RFC 7748 §5: the highest bit is ignored.
        expect(pair.sharedSecret(publicKey)).to.equal(null);
        expect(pair.sharedSecret(fromHex(diffieHellman.bobPublic))).to.have.length(KEY_LENGTH);
      });
    }

    it("takes keys that are views into larger buffers", () => {
      const surrounded = (hex: string): Uint8Array => fromHex(`ffffff${hex}ffff`).subarray(3, 3 + KEY_LENGTH);
      const pair = keyPairFrom(surrounded(diffieHellman.alicePrivate));
      expect(toHex(pair.sharedSecret(surrounded(diffieHellman.bobPublic))!)).to.equal(diffieHellman.shared);
    });

    it("returns secrets of the caller's own, a fresh one each time", () => {
      const pair = keyPairFrom(fromHex(diffieHellman.alicePrivate));
      crypto.wipe(pair.sharedSecret(fromHex(diffieHellman.bobPublic))!);
      expect(toHex(pair.sharedSecret(fromHex(diffieHellman.bobPublic))!)).to.equal(diffieHellman.shared);
    });

    it("refuses keys of a wrong length", () => {
      for (const length of [0, 31, 33]) {
        expectCode("INVALID_ARG", () => crypto.generateKeyPair().sharedSecret(new Uint8Array(length)));
      }
    });

    it("refuses to use a wiped pair, and wipes twice", () => {
      const pair = crypto.generateKeyPair();
      pair.wipe();
      pair.wipe();
      expectCode("CRYPTO", () => pair.sharedSecret(fromHex(diffieHellman.bobPublic)));
    });

    it("does not print private keys", () => {
      expectUnprintable(keyPairFrom(fromHex(diffieHellman.alicePrivate)), fromHex(diffieHellman.alicePrivate));
    });
  });
}
