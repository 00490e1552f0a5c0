import { expect } from "chai";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { DatagramKeys } from "../../../lib/core/datagram/datagram-keys.js";
import { StreamKeys } from "../../../lib/core/stream/stream-keys.js";
import { guardCrypto } from "../../../lib/core/guarded-crypto.js";
import { counted, toHex } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { establishedEnd, type End } from "../../support/core-pair.js";
import { establishedDatagramEnd } from "../../support/datagram-pair.js";
import { expectOverwritten, holdersOf } from "../../support/key-holders.js";

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

/** A provider that overwrites, and then throws at the `nth` wipe from `start` on. `keys` gets each key that HKDF derives. */
class FailingWipe {
  readonly keys = new Set<string>();
  readonly provider: CryptoProvider;
  hasFailed = false;
  #left = Infinity;

  constructor() {
    this.provider = guardCrypto({
      ...crypto,
      hkdfSha256: (...args) => {
        const okm = crypto.hkdfSha256(...args);
        this.keys.add(toHex(okm.subarray(0, 32))).add(toHex(okm.subarray(32)));
        return okm;
      },
      wipe: (bytes) => {
        crypto.wipe(bytes);
        if (--this.#left !== 0) return;
        this.hasFailed = true;
        throw new RangeError("out of order");
      },
    });
  }

  start(nth: number): void {
    this.#left = nth;
  }
}

describe("the keys of a peer's REKEY, if a wipe fails while it is taken", () => {
  for (const role of ["device", "gateway"] as const) {
    const peer = role === "device" ? "gateway" : "device";
    for (const crossed of [false, true]) {
      const what = `${role}'s${crossed ? " crossed" : ""}`;

      it(`are overwritten on a stream, at each wipe of the ${what}`, () => {
        let held = 0;
        for (let nth = 1, fails = true; fails; nth++) {
          const wipe = new FailingWipe();
          const end: End = establishedEnd(role, { crypto: wipe.provider });
          const other = establishedEnd(peer);
          other.connection.request({ type: "rekey" }, 0);
          if (crossed) end.connection.request({ type: "rekey" }, 0);
          wipe.keys.clear();
          wipe.start(nth);
          const holders = holdersOf(wipe.keys, () => end.receive(other.output()));
          held += holders.length;
          fails = wipe.hasFailed;
          if (!fails) continue;
          expect(end.closed).to.equal("CRYPTO");
          expectOverwritten(holders);
        }
        expect(held).to.be.greaterThan(1);
      });

      it(`are overwritten over datagrams, at each wipe of the ${what}`, () => {
        let held = 0;
        for (let nth = 1, fails = true; fails; nth++) {
          const wipe = new FailingWipe();
          const end = establishedDatagramEnd(role, { crypto: wipe.provider });
          const other = establishedDatagramEnd(peer);
          other.connection.request({ type: "rekey" }, 0);
          if (crossed) end.connection.request({ type: "rekey" }, 0);
          wipe.keys.clear();
          wipe.start(nth);
          const holders = holdersOf(wipe.keys, () => void end.receive(...other.output()));
          held += holders.length;
          fails = wipe.hasFailed;
          if (!fails) continue;
          expect(end.closed).to.equal("CRYPTO");
          expectOverwritten(holders);
        }
        // A device ignores a REKEY that crosses its own.
        if (role === "device" && crossed) expect(held).to.equal(0);
        else expect(held).to.be.greaterThan(1);
      });
    }
  }
});
