import { expect } from "chai";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { guardCrypto, inTurn, lastly } from "../../lib/core/guarded-crypto.js";
import { isUsmpError, UsmpError } from "../../lib/errors.js";
import { counted, filled } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { expectCode } from "../support/core-errors.js";

const NONCE = counted(12);
const cause = new RangeError("out of order");

function fail(): never {
  throw cause;
}

const faulty: CryptoProvider = {
  name: "faulty",
  generateKeyPair: fail,
  hmacSha256: fail,
  hkdfSha256: fail,
  aead: (cipher) => (cipher === "aes-256-gcm" ? { seal: fail, open: fail, wipe: fail } : fail()),
  randomBytes: fail,
  constantTimeEqual: fail,
  wipe: fail,
};

describe("guardCrypto", () => {
  it("gives each provider one guard, and a guard itself", () => {
    const guard = guardCrypto(crypto);
    expect([guardCrypto(crypto), guardCrypto(guard)]).to.deep.equal([guard, guard]);
    expect(guardCrypto({ ...crypto })).not.to.equal(guard);
    expect(guard.name).to.equal(crypto.name);
  });

  it("passes everything on", () => {
    const guard = guardCrypto(crypto);
    const [a, b] = [guard.generateKeyPair(), crypto.generateKeyPair()];
    expect(a.sharedSecret(b.publicKey)).to.deep.equal(b.sharedSecret(a.publicKey));
    const parts = [counted(3), counted(4)];
    expect(guard.hmacSha256(NONCE, ...parts)).to.deep.equal(crypto.hmacSha256(NONCE, ...parts));
    expect(guard.hkdfSha256(NONCE, NONCE, NONCE, 40)).to.deep.equal(crypto.hkdfSha256(NONCE, NONCE, NONCE, 40));
    expect([guard.constantTimeEqual(NONCE, NONCE), guard.randomBytes(9).length]).to.deep.equal([true, 9]);
    const aead = guard.aead("aes-256-gcm", filled(32, 3));
    const sealed = new Uint8Array(26);
    aead.seal(NONCE, NONCE, counted(10), sealed, 0);
    expect([...aead.open(NONCE, NONCE, sealed)!]).to.deep.equal([...counted(10)]);
    expect(aead.open(NONCE, NONCE, filled(26, 0))).to.equal(null);
    aead.wipe();
    expectCode(() => aead.seal(NONCE, NONCE, NONCE, sealed, 0), "CRYPTO");
    const bytes = counted(5, 1);
    guard.wipe(bytes);
    expect([...bytes]).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it("turns every error into CRYPTO, with the cause", () => {
    const guard = guardCrypto(faulty);
    const generateKeyPair = () => ({ publicKey: filled(32, 1), sharedSecret: fail, wipe: fail });
    const pair = guardCrypto({ ...faulty, generateKeyPair }).generateKeyPair();
    const aead = guard.aead("aes-256-gcm", NONCE);
    for (const call of [
      () => guard.generateKeyPair(),
      () => pair.sharedSecret(NONCE),
      () => pair.wipe(),
      () => guard.hmacSha256(NONCE),
      () => guard.hkdfSha256(NONCE, NONCE, NONCE, 1),
      () => guard.aead("chacha20-poly1305", NONCE),
      () => aead.seal(NONCE, NONCE, NONCE, NONCE, 0),
      () => aead.wipe(),
      () => guard.randomBytes(1),
      () => guard.constantTimeEqual(NONCE, NONCE),
      () => guard.wipe(counted(1)),
    ]) {
      expect(expectCode(call, "CRYPTO").cause).to.equal(cause);
    }
    const lying = guardCrypto({ ...faulty, randomBytes: () => { throw new UsmpError("AUTH", "not its to say"); } }); // prettier-ignore
    expectCode(() => lying.randomBytes(1), "CRYPTO");
  });

  it("throws CRYPTO if a provider returns no AEAD or no key pair", () => {
    const nothing = () => undefined as never;
    const guard = guardCrypto({ ...crypto, aead: nothing, generateKeyPair: nothing });
    expectCode(() => guard.aead("aes-256-gcm", NONCE), "CRYPTO");
    expectCode(() => guard.generateKeyPair(), "CRYPTO");
  });

  it("takes an open() that throws for a frame that does not verify", () => {
    expect(guardCrypto(faulty).aead("aes-256-gcm", NONCE).open(NONCE, NONCE, counted(30))).to.equal(null);
  });

  it("overwrites bytes that a provider fails to wipe", () => {
    const bytes = counted(5, 1);
    expectCode(() => guardCrypto(faulty).wipe(bytes), "CRYPTO");
    expect([...bytes]).to.deep.equal([0, 0, 0, 0, 0]);
  });
});

describe("steps in turn", () => {
  it("are all run, and the first failure is thrown", () => {
    const done: number[] = [];
    const steps = [1, 2, 3].map((step) => () => {
      done.push(step);
      if (step < 3) throw new Error(`step ${step}`);
    });
    expect(() => inTurn(...steps)).to.throw("step 1");
    expect(done).to.deep.equal([1, 2, 3]);
  });

  it("ignore a failure of the cryptography when the end is decided, and no other error", () => {
    lastly(() => guardCrypto(faulty).wipe(counted(1)));
    expect(() => lastly(fail))
      .to.throw(RangeError)
      .that.satisfies((error: unknown) => !isUsmpError(error));
  });
});
