import { expect } from "chai";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { DatagramKeys } from "../../../lib/core/datagram/datagram-keys.js";
import { StreamKeys } from "../../../lib/core/stream/stream-keys.js";
import { counted } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";

describe("the keys of a rotation that the cryptography fails at", () => {
  for (const Keys of [StreamKeys, DatagramKeys]) {
    it(`are all overwritten in the end, in ${Keys.name}`, () => {
      const seen: Uint8Array[] = [];
      let fails = false;
      const faulty: CryptoProvider = {
        ...crypto,
        aead: (cipher, key) => {
          seen.push(key);
          if (fails) throw new Error("out of memory");
          return crypto.aead(cipher, key);
        },
      };
      const context = { crypto: faulty, cipher: "aes-256-gcm", sessionId: counted(16) } as const;
      const keys = new Keys(context, "device", { keys: { c2s: counted(32, 1), s2c: counted(32, 40) } });
      fails = true;
      expect(() => keys.initiate(counted(32))).to.throw("out of memory");
      keys.wipe();
      expect(seen).to.have.lengthOf(3);
      for (const key of seen) expect([...key]).to.deep.equal(Array(32).fill(0));
    });
  }
});
