import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import type { Aead, CipherName, CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import { OrderedOpeningKey, SealingKey } from "../../../lib/core/session/frame-cipher.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted, filled, flipped, NOTHING, toHex } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { asFrame, sealedFrame, splitFrames, withCrc } from "../../support/core-frames.js";

const CIPHERS: readonly CipherName[] = ["aes-256-gcm", "chacha20-poly1305"];
const sessionId = counted(16, 0x40);
const key = counted(32, 0x80);

function context(cipher: CipherName = "aes-256-gcm") {
  return { crypto, cipher, sessionId };
}

function sealing(firstSeq = 0, cipher?: CipherName): SealingKey {
  return new SealingKey(context(cipher), Uint8Array.from(key), firstSeq);
}

function opening(firstSeq = 0, cipher?: CipherName): OrderedOpeningKey {
  return new OrderedOpeningKey(context(cipher), Uint8Array.from(key), firstSeq);
}

describe("SealingKey", () => {
  it("leaves nothing of a frame whose sealing failed in the outbox, and never uses its number again", () => {
    let fails = true;
    const faulty: CryptoProvider = {
      ...crypto,
      aead: (cipher, bytes) => {
        const aead = crypto.aead(cipher, bytes);
        const seal: Aead["seal"] = (...args) => {
          aead.seal(...args);
          if (fails) throw new Error("behind the last byte");
        };
        return { seal, open: (...args) => aead.open(...args), wipe: () => aead.wipe() };
      },
    };
    const outbox = new StreamOutbox();
    const subject = new SealingKey({ ...context(), crypto: faulty }, Uint8Array.from(key));
    expect(() => subject.seal(FrameType.DATA, counted(100), outbox)).to.throw("behind the last byte");
    expect([outbox.length, subject.nextSeq]).to.deep.equal([0, 1]);
    fails = false;
    subject.seal(FrameType.DATA, counted(100), outbox);
    const expected = sealedFrame({ key, sessionId, cipher: "aes-256-gcm" }, FrameType.DATA, 1, counted(100));
    expect(toHex(concat(...outbox.take()))).to.equal(toHex(expected));
  });

  for (const cipher of CIPHERS) {
    it(`seals as §4 says, with ${cipher}`, () => {
      const outbox = new StreamOutbox();
      const subject = sealing(0, cipher);
      subject.seal(FrameType.DATA, counted(452), outbox);
      subject.seal(FrameType.PING, NOTHING, outbox);
      const sealer = { key, sessionId, cipher };
      const expected = [sealedFrame(sealer, FrameType.DATA, 0, counted(452)), sealedFrame(sealer, FrameType.PING, 1)];
      expect(splitFrames(concat(...outbox.take())).map(toHex)).to.deep.equal(expected.map(toHex));
    });
  }

  it("spends a number with every frame", () => {
    const outbox = new StreamOutbox();
    const subject = sealing(5);
    for (let seq = 5; seq < 10; seq++) {
      expect(subject.nextSeq).to.equal(seq);
      subject.seal(FrameType.PING, NOTHING, outbox);
    }
  });

  it("spends its number even if sealing fails: it is never used again with that key", () => {
    const failing = {
      ...crypto,
      aead: () => ({
        ...crypto.aead("aes-256-gcm", key),
        seal: () => {
          throw new Error("out of memory");
        },
      }),
    };
    const subject = new SealingKey({ ...context(), crypto: failing }, Uint8Array.from(key));
    expect(() => subject.seal(FrameType.PING, NOTHING, new StreamOutbox())).to.throw("out of memory");
    expect(subject.nextSeq).to.equal(1);
  });

  it("uses 0xFFFFFFFE and never 0xFFFFFFFF (§4)", () => {
    const outbox = new StreamOutbox();
    const subject = sealing(0xffff_fffe);
    subject.seal(FrameType.BYE, NOTHING, outbox);
    expect(toHex(concat(...outbox.take()).subarray(4, 8))).to.equal("feffffff");
    expectCode(() => subject.seal(FrameType.BYE, NOTHING, outbox), "SEQ_EXHAUSTED");
    expect(outbox.length).to.equal(0);
  });

  it("shows its key, and wipes it in the end", () => {
    const given = Uint8Array.from(key);
    const subject = new SealingKey(context(), given);
    expect(subject.key).to.deep.equal(key);
    subject.wipe();
    expect(given).to.deep.equal(filled(32, 0));
    expect(() => subject.seal(FrameType.PING, NOTHING, new StreamOutbox())).to.throw();
  });
});

describe("OrderedOpeningKey", () => {
  for (const cipher of CIPHERS) {
    it(`opens what was sealed, in order, with ${cipher}`, () => {
      const subject = opening(0, cipher);
      for (let seq = 0; seq < 5; seq++) {
        const frame = sealedFrame({ key, sessionId, cipher }, FrameType.DATA, seq, counted(seq * 100));
        expect(new Uint8Array(subject.open(asFrame(frame))!)).to.deep.equal(counted(seq * 100));
        expect(subject.expectedSeq).to.equal(seq + 1);
      }
    });
  }

  const sealer = { key, sessionId };
  const good = sealedFrame(sealer, FrameType.DATA, 3, counted(20));

  function expectRefused(bytes: Uint8Array, why: string): void {
    const subject = opening(3);
    expect(subject.open(asFrame(bytes)), why).to.equal(null);
    expect(subject.expectedSeq).to.equal(3);
    expect(subject.open(asFrame(good)), "the right one still opens").not.to.equal(null);
  }

  it("refuses any flipped bit but the CRC's, and is as before (§4)", () => {
    for (let index = 0; index < good.length; index++) {
      if (index === 10 || index === 11) continue;
      expectRefused(withCrc(flipped(good, index)).slice(), `byte ${index}`);
    }
  });

  it("refuses a skipped and a repeated number (§5)", () => {
    expectRefused(sealedFrame(sealer, FrameType.DATA, 4), "skipped");
    expectRefused(sealedFrame(sealer, FrameType.DATA, 2), "repeated");
  });

  it("refuses another nonce than its own, though it verifies (§4)", () => {
    for (const nonceSeq of [4, 0x103, 0x1_0003, 0x100_0003]) {
      expectRefused(sealedFrame(sealer, FrameType.DATA, 3, NOTHING, nonceSeq), `nonce of ${nonceSeq}`);
    }
    for (let index = 0; index < 8; index++) {
      expectRefused(sealedFrame({ key, sessionId: flipped(sessionId, index) }, FrameType.DATA, 3), `id byte ${index}`);
    }
  });

  it("looks at eight bytes of the session id only (§4)", () => {
    const frame = sealedFrame({ key, sessionId: flipped(sessionId, 8) }, FrameType.DATA, 3);
    expect(opening(3).open(asFrame(frame))).not.to.equal(null);
  });

  it("refuses another key and another cipher", () => {
    expectRefused(sealedFrame({ key: flipped(key, 0), sessionId }, FrameType.DATA, 3), "key");
    expectRefused(sealedFrame({ key, sessionId, cipher: "chacha20-poly1305" }, FrameType.DATA, 3), "cipher");
  });

  it("shows its key, and wipes it in the end", () => {
    const given = Uint8Array.from(key);
    const subject = new OrderedOpeningKey(context(), given);
    expect(subject.key).to.deep.equal(key);
    subject.wipe();
    expect(given).to.deep.equal(filled(32, 0));
    expect(() => subject.open(asFrame(sealedFrame(sealer, FrameType.DATA, 0)))).to.throw();
  });
});
