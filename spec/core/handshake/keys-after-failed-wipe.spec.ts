/** A provider that fails to wipe ends the handshake. The session's keys, derived by then, must not stay in memory. */
import { expect } from "chai";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { guardCrypto } from "../../../lib/core/guarded-crypto.js";
import { toHex } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { deviceEnd, gatewayEnd } from "../../support/core-pair.js";
import { datagramDevice, datagramGateway, exchange } from "../../support/datagram-pair.js";
import { expectOverwritten, holdersOf } from "../../support/key-holders.js";

/** What fails: wiping the key pair, or a secret of this many bytes (32: the shared secret; 64: HKDF's output). */
type Failure = "pair" | 32 | 64;

/** A provider that fails so. `keys` adds each key that HKDF derives. */
function failing(at: Failure, keys: Set<string>): CryptoProvider {
  const fail = (): never => {
    throw new RangeError("out of order");
  };
  return guardCrypto({
    ...crypto,
    hkdfSha256: (...args) => {
      const okm = crypto.hkdfSha256(...args);
      keys.add(toHex(okm.subarray(0, 32))).add(toHex(okm.subarray(32)));
      return okm;
    },
    generateKeyPair: () => {
      const pair = crypto.generateKeyPair();
      const sharedSecret = (peer: Uint8Array): Uint8Array | null => pair.sharedSecret(peer);
      return { publicKey: pair.publicKey, sharedSecret, wipe: at === "pair" ? fail : () => pair.wipe() };
    },
    wipe: (bytes) => (bytes.length === at ? fail() : crypto.wipe(bytes)),
  });
}

describe("session keys that were derived before a wipe failed", () => {
  for (const at of ["pair", 32, 64] as const) {
    const what = at === "pair" ? "its key pair" : `a secret of ${at} bytes`;
    for (const role of ["device", "gateway"] as const) {
      it(`are overwritten on a stream if the ${role} cannot wipe ${what}`, () => {
        const keys = new Set<string>();
        const provider = { crypto: failing(at, keys) };
        const device = deviceEnd(role === "device" ? provider : {});
        const gateway = gatewayEnd(role === "gateway" ? provider : {});
        const holders = holdersOf(keys, () => {
          gateway.receive(device.output());
          device.receive(gateway.output());
          gateway.receive(device.output());
          // With SESSION_OK a device would rightly hold the same keys.
          if (role === "device") device.receive(gateway.output());
        });
        expect((role === "device" ? device : gateway).closed).to.equal("CRYPTO");
        expect(holders).to.have.length.greaterThan(1);
        expectOverwritten(holders);
      });

      it(`are overwritten over datagrams if the ${role} cannot wipe ${what}`, () => {
        const keys = new Set<string>();
        const provider = { crypto: failing(at, keys) };
        const device = datagramDevice(role === "device" ? provider : {});
        const gateway = datagramGateway(role === "gateway" ? provider : {});
        const holders = holdersOf(keys, () => void exchange(device, gateway));
        expect((role === "device" ? device : gateway).closed).to.equal("CRYPTO");
        expect(holders).to.have.length.greaterThan(1);
        expectOverwritten(holders);
      });
    }
  }
});
