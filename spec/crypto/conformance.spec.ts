/** One suite, run on every provider of lib/crypto; a new provider adds itself to the list. */
import { expect } from "chai";
import sodium from "libsodium-wrappers";
import { defaultProvider } from "../../lib/crypto/default-provider.js";
import { loadCrypto, nodeProvider } from "../../lib/crypto/index.js";
import { describeAead, describeAeadAgreement } from "./aead-suite.js";
import { describeBytes } from "./bytes-suite.js";
import { notationsShown } from "./expectations.js";
import { describeHash } from "./hash-suite.js";
import { toHex } from "./vectors.js";
import { describeX25519 } from "./x25519-suite.js";

describe("crypto providers", () => {
  before(async () => {
    // The default provider's ChaCha20-Poly1305 is libsodium's from then on.
    await Promise.all([sodium.ready, loadCrypto()]);
  });

  for (const provider of [defaultProvider, nodeProvider]) {
    describe(`the provider ${provider.name}`, () => {
      describeX25519(provider);
      describeHash(provider);
      describeAead(provider);
      describeBytes(provider);
    });
  }

  describe(`${defaultProvider.name} and ${nodeProvider.name}`, () => {
    describeAeadAgreement(defaultProvider, nodeProvider);
  });

  it("would notice a key that prints", () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => index * 5);
    for (const leak of [key, Buffer.from(key), toHex(key), Buffer.from(key).toString("base64")]) {
      expect(notationsShown({ leak }, key)).not.to.deep.equal([]);
    }
  });

  describe("loadCrypto", () => {
    it("loads the default provider once", async () => {
      const loading = loadCrypto();
      expect(loadCrypto()).to.equal(loading);
      expect(await loading).to.equal(defaultProvider);
    });
  });
});
