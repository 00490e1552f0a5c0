/** Sealing with providers that keep, change or fail with what they are lent, or that call back in from within a call. */
import { expect } from "chai";
import { concat, copyOf } from "../../../lib/core/wire/bytes.js";
import { CipherNegotiation } from "../../../lib/core/session/cipher-negotiation.js";
import type { Aead, CipherName, CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { StreamOutbox } from "../../../lib/core/stream/stream-outbox.js";
import { OpeningKey, SealingKey } from "../../../lib/core/session/frame-cipher.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { counted, filled, toHex, utf8 } from "../../support/core-bytes.js";
import { crypto, watchingNonces } from "../../support/core-crypto.js";
import { asFrame, sealedFrame, splitFrames } from "../../support/core-frames.js";
import { establishedEnd, Pair } from "../../support/core-pair.js";

const CIPHERS: readonly [CipherName, CipherName] = ["aes-256-gcm", "chacha20-poly1305"];
const AES = CIPHERS[0];
const sessionId = counted(16, 0x40);
const key = counted(32, 0x80);
const other = { sessionId: counted(16, 0x10), key: counted(32, 0x20) };

/** `base`, with `before` in front of each call of its ciphers, inside that call. */
function around(
  before: (call: "seal" | "open" | "aead", nonce: Uint8Array, associatedData: Uint8Array) => void,
  base: CryptoProvider = crypto,
): CryptoProvider {
  const aead = (cipher: CipherName, bytes: Uint8Array): Aead => {
    before("aead", filled(12, 0), filled(10, 0));
    const inner = base.aead(cipher, bytes);
    return {
      seal: (nonce, associatedData, ...rest) => {
        before("seal", nonce, associatedData);
        inner.seal(nonce, associatedData, ...rest);
      },
      open: (nonce, associatedData, sealed) => {
        before("open", nonce, associatedData);
        return inner.open(nonce, associatedData, sealed);
      },
      wipe: () => inner.wipe(),
    };
  };
  return { ...base, aead };
}

function sealing(provider: CryptoProvider, of = { sessionId, key }): SealingKey {
  return new SealingKey({ crypto: provider, cipher: AES, sessionId: of.sessionId }, copyOf(of.key));
}

function opening(
  provider: CryptoProvider,
  cipher: CipherName | CipherNegotiation = AES,
  of = { sessionId, key },
): OpeningKey {
  return new OpeningKey({ crypto: provider, cipher, sessionId: of.sessionId }, copyOf(of.key));
}

/** A thing to do once, although doing it asks for it again. */
function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

const framesIn = (outbox: StreamOutbox): string[] => splitFrames(concat(...outbox.take())).map(toHex);
const dataFrame = (seq: number, plaintext: Uint8Array, of = { sessionId, key }): Uint8Array =>
  sealedFrame(of, FrameType.DATA, seq, plaintext);

describe("sealing with any provider", () => {
  it("lends a provider arrays that no later frame changes, sealed or opened", () => {
    const kept: { lent: Uint8Array; then: string }[] = [];
    const provider = around((call, ...lent) => {
      if (call !== "aead") kept.push(...lent.map((bytes) => ({ lent: bytes, then: toHex(bytes) })));
    });
    const outbox = new StreamOutbox();
    const tx = sealing(provider);
    const rx = opening(provider);
    for (let seq = 0; seq < 3; seq++) {
      tx.seal(FrameType.DATA, counted(seq), outbox);
      expect(rx.open(asFrame(dataFrame(seq, counted(5))))).not.to.equal(null);
    }
    expect(kept).to.have.lengthOf(12);
    for (const { lent, then } of kept) expect(toHex(lent)).to.equal(then);
  });

  it("uses no nonce twice if a provider seals another frame under the same key from within", () => {
    const outbox = new StreamOutbox();
    const within = new StreamOutbox();
    const again = once(() => tx.seal(FrameType.DATA, utf8("inner"), within));
    const watched = watchingNonces();
    const tx: SealingKey = sealing(around((call) => call === "seal" && again(), watched.crypto));
    tx.seal(FrameType.DATA, utf8("outer"), outbox);
    expect(framesIn(outbox)).to.deep.equal([toHex(dataFrame(0, utf8("outer")))]);
    expect(framesIn(within)).to.deep.equal([toHex(dataFrame(1, utf8("inner")))]);
    tx.seal(FrameType.DATA, utf8("next"), outbox);
    expect(framesIn(outbox)).to.deep.equal([toHex(dataFrame(2, utf8("next")))]);
  });

  for (const call of ["seal", "open", "aead"] as const) {
    it(`seals and opens rightly if a provider uses another session from within ${call}`, () => {
      const others = new StreamOutbox();
      const otherTx = sealing(crypto, other);
      const otherRx = opening(crypto, AES, other);
      let visits = 0;
      const provider = around((at) => {
        if (at !== call) return;
        visits++;
        otherTx.seal(FrameType.DATA, utf8("other"), others);
        expect(otherRx.open(asFrame(dataFrame(visits, utf8("theirs"), other)))).to.deep.equal(Buffer.from("theirs"));
      });
      const outbox = new StreamOutbox();
      const tx = sealing(provider);
      const rx = opening(provider, new CipherNegotiation([CIPHERS[1], CIPHERS[0]]));
      tx.seal(FrameType.DATA, utf8("mine"), outbox);
      expect(rx.open(asFrame(dataFrame(0, utf8("yours"))))).to.deep.equal(Buffer.from("yours"));
      expect(framesIn(outbox)).to.deep.equal([toHex(dataFrame(0, utf8("mine")))]);
      expect(visits).to.be.greaterThan(0);
      const expected = Array.from({ length: visits }, (_, seq) => toHex(dataFrame(seq, utf8("other"), other)));
      expect(framesIn(others)).to.deep.equal(expected);
    });
  }

  it("seals and opens the next frames rightly after a call that failed, of this session or another", () => {
    let fails = true;
    const provider = around((call) => {
      if (fails && call !== "aead") throw new Error("out of memory");
    });
    const tx = sealing(provider);
    const rx = opening(provider);
    expect(() => tx.seal(FrameType.DATA, utf8("lost"), new StreamOutbox())).to.throw("out of memory");
    expect(() => rx.open(asFrame(dataFrame(0, utf8("lost"))))).to.throw("out of memory");
    fails = false;
    const outbox = new StreamOutbox();
    sealing(crypto, other).seal(FrameType.DATA, utf8("other"), outbox);
    tx.seal(FrameType.DATA, utf8("mine"), outbox);
    expect(rx.open(asFrame(dataFrame(0, utf8("yours"))))).to.deep.equal(Buffer.from("yours"));
    expect(framesIn(outbox)).to.deep.equal([
      toHex(dataFrame(0, utf8("other"), other)),
      toHex(dataFrame(1, utf8("mine"))),
    ]);
  });

  it("keeps other sessions intact if a provider transfers the buffers it was lent", () => {
    const provider = around((call, nonce, associatedData) => {
      if (call === "aead") return;
      structuredClone(0, { transfer: [nonce.buffer as ArrayBuffer, associatedData.buffer as ArrayBuffer] });
      throw new Error("given away");
    });
    expect(() => sealing(provider).seal(FrameType.DATA, utf8("lost"), new StreamOutbox())).to.throw("given away");
    expect(() => opening(provider).open(asFrame(dataFrame(0, utf8("lost"))))).to.throw("given away");
    const outbox = new StreamOutbox();
    sealing(crypto, other).seal(FrameType.DATA, utf8("other"), outbox);
    expect(framesIn(outbox)).to.deep.equal([toHex(dataFrame(0, utf8("other"), other))]);
  });

  it("keeps two sessions and their rekeys apart if the provider of one sends on the other from within each call", () => {
    const watched = watchingNonces();
    const bystander = new Pair(establishedEnd("device"), establishedEnd("gateway"));
    let within = false;
    let sent = 0;
    const provider = around((call) => {
      if (within || call === "aead") return;
      within = true;
      bystander.device.connection.send(utf8(String(sent++)), 0);
      bystander.settle();
      within = false;
    }, watched.crypto);
    const pair = new Pair(
      establishedEnd("device", { crypto: provider }),
      establishedEnd("gateway", { crypto: provider }),
    );
    for (const round of ["a", "b", "c"]) {
      pair.device.connection.send(utf8(round), 0);
      pair.gateway.connection.send(counted(1_000), 0);
      pair.device.connection.request({ type: "rekey" }, 0);
      pair.settle();
    }
    expect(pair.gateway.texts).to.deep.equal(["a", "b", "c"]);
    expect(pair.device.messages.map((message) => new Uint8Array(message))).to.deep.equal(
      Array.from({ length: 3 }, () => counted(1_000)),
    );
    expect(sent).to.be.greaterThan(10);
    expect(bystander.gateway.texts).to.deep.equal(Array.from({ length: sent }, (_, index) => String(index)));
    expect([pair.device.closed, pair.gateway.closed, bystander.device.closed]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
