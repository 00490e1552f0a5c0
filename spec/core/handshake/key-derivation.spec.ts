import { expect } from "chai";
import { createHmac, hkdfSync } from "node:crypto";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { deriveSessionKeys, hmacClient, hmacServer } from "../../../lib/core/handshake/key-derivation.js";
import { counted, filled, fromHex, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";

const psk = counted(16, 0x30);
const transcript = { deviceId: counted(6, 1), pubC: filled(32, 2), nonce: filled(32, 3), pubS: filled(32, 4) };
const { deviceId, pubC, nonce, pubS } = transcript;

describe("handshake crypto", () => {
  it("recognises a public key of low order even if the provider throws for it", () => {
    const sharedSecret = (): never => {
      throw new Error("all-zero secret");
    };
    const pair = { ...crypto.generateKeyPair(), sharedSecret };
    const said = { deviceId: counted(6), pubC: pair.publicKey, nonce: counted(32), pubS: filled(32, 0) };
    expect(deriveSessionKeys(crypto, pair, said.pubS, said)).to.equal(null);
    expect(() => deriveSessionKeys(crypto, pair, filled(32, 9), said)).to.throw("all-zero");
  });

  it("computes hmac_client over magic, version, type, nonce, device id and both keys (§3)", () => {
    const expected = createHmac("sha256", psk)
      .update(fromHex("cdab0203"))
      .update(Buffer.concat([nonce, deviceId, pubC, pubS]));
    expect(hmacClient(crypto, psk, transcript)).to.deep.equal(new Uint8Array(expected.digest()));
  });

  it("computes hmac_server over magic, version, type, nonce, session id and both keys (§3)", () => {
    const sessionId = counted(16, 9);
    const expected = createHmac("sha256", psk)
      .update(fromHex("cdab0204"))
      .update(Buffer.concat([nonce, sessionId, pubC, pubS]));
    expect(hmacServer(crypto, psk, transcript, sessionId)).to.deep.equal(new Uint8Array(expected.digest()));
  });

  it("derives one key per direction from the shared secret, the nonce and both keys (§3)", () => {
    const shared = filled(32, 7);
    const pair = { publicKey: pubC, sharedSecret: () => Uint8Array.from(shared), wipe: () => {} };
    const okm = new Uint8Array(hkdfSync("sha256", shared, nonce, Buffer.concat([utf8("usmp-v2"), pubC, pubS]), 64));
    expect(deriveSessionKeys(crypto, pair, pubS, transcript)).to.deep.equal({
      c2s: okm.slice(0, 32),
      s2c: okm.slice(32),
    });
  });

  it("agrees on the same keys from both ends", () => {
    const device = crypto.generateKeyPair();
    const gateway = crypto.generateKeyPair();
    const said = { ...transcript, pubC: device.publicKey, pubS: gateway.publicKey };
    expect(deriveSessionKeys(crypto, device, gateway.publicKey, said)).to.deep.equal(
      deriveSessionKeys(crypto, gateway, device.publicKey, said),
    );
  });

  it("derives nothing if the shared secret is all zero", () => {
    expect(deriveSessionKeys(crypto, crypto.generateKeyPair(), filled(32, 0), transcript)).to.equal(null);
  });

  it("wipes the shared secret and the key block, and not the keys, also with a provider that gives Buffers", () => {
    const secrets: Uint8Array[] = [];
    const keep = (bytes: Uint8Array) => {
      secrets.push(bytes);
      return bytes;
    };
    const buffers: CryptoProvider = {
      ...crypto,
      hkdfSha256: (...args) => keep(Buffer.from(crypto.hkdfSha256(...args))),
    };
    const pair = { publicKey: pubC, sharedSecret: () => keep(filled(32, 7)), wipe: () => {} };
    const keys = deriveSessionKeys(buffers, pair, pubS, transcript)!;
    expect(secrets).to.have.lengthOf(2);
    for (const secret of secrets) expect(secret.every((byte) => byte === 0)).to.equal(true);
    expect(keys.c2s).not.to.deep.equal(filled(32, 0));
    expect(keys.s2c).not.to.deep.equal(filled(32, 0));
  });
});
