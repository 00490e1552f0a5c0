/** A gateway that accepts both ciphers (§4) over datagrams, without I/O. Adversarial cases 37 and 71. */
import { expect } from "chai";
import { CIPHER_WAIT_MS } from "../../../lib/core/session/cipher-negotiation.js";
import type { CipherName } from "../../../lib/core/crypto-provider.js";
import { guardCrypto } from "../../../lib/core/guarded-crypto.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { counted, NOTHING, utf8 } from "../../support/core-bytes.js";
import { crypto as provider, watchingTrials } from "../../support/core-crypto.js";
import { S2C } from "../../support/core-pair.js";
import { AES, both, CHACHA, CIPHERS, from, fromNobody } from "../../support/core-two-ciphers.js";
import {
  datagramDevice,
  datagramGateway,
  establishedDatagramEnd,
  exchange,
  exchangeFor,
  namesOf,
  utackFor,
  type DatagramEnd,
  type DatagramEndOptions,
} from "../../support/datagram-pair.js";

const { DATA } = FrameType;

describe("a gateway with two ciphers, over datagrams", () => {
  function gateway(options: DatagramEndOptions = {}, preferred: CipherName | null = null) {
    const { cipher, learned } = both(preferred);
    const { crypto, trials } = watchingTrials();
    return { end: establishedDatagramEnd("gateway", { cipher, crypto, ...options }), learned, trials };
  }

  /** After a real handshake, whose SESSION_OK has to be acknowledged first. */
  function handshaken(cipher: CipherName, preferred: CipherName | null = null) {
    const { cipher: choice, learned } = both(preferred);
    const ends = { device: datagramDevice({ cipher }), gateway: datagramGateway({ cipher: choice }), learned };
    exchange(ends.device, ends.gateway);
    return ends;
  }

  for (const cipher of CIPHERS) {
    it(`is fixed by a first frame in ${cipher}, which it acknowledges, and answers in it`, () => {
      const { device, gateway: end, learned } = handshaken(cipher);
      end.send(utf8("held"));
      expect(end.output()).to.deep.equal([]);
      device.send(counted(500));
      device.connection.request({ type: "ping" }, device.now);
      exchange(device, end);
      expect([end.texts.length, device.texts, device.connection.unsentBytes()]).to.deep.equal([1, ["held"], 0]);
      expect(device.events.filter(({ type }) => type === "pong")).to.have.lengthOf(1);
      expect(learned).to.deep.equal([cipher]);
    });
  }

  it("case 37: a first frame in neither is dropped, after exactly two trials, and nothing has changed", () => {
    const { end, trials, learned } = gateway();
    expect(end.receive(fromNobody()).output()).to.deep.equal([]);
    expect([trials, learned, end.closed]).to.deep.equal([[AES, CHACHA], [], undefined]);
    expect(namesOf(end.receive(from(CHACHA, DATA, 0, utf8("x"))).output())).to.deep.equal(["UTACK DATA 0"]);
    expect([end.texts, learned]).to.deep.equal([["x"], [CHACHA]]);
  });

  it("case 37: drops a first frame that no cipher verifies, even if the provider cannot make one of the ciphers", () => {
    const crypto = guardCrypto({
      ...provider,
      aead: (cipher, key) => {
        if (cipher === AES) throw new Error("not in this build");
        return provider.aead(cipher, key);
      },
    });
    const { end } = gateway({ crypto });
    expect(end.receive(fromNobody()).output()).to.deep.equal([]);
    expect(end.closed).to.equal(undefined);
    expect(namesOf(end.receive(from(CHACHA, DATA, 0, utf8("x"))).output())).to.deep.equal(["UTACK DATA 0"]);
    expect(end.texts).to.deep.equal(["x"]);
  });

  it("case 37: a later frame in the other cipher is dropped, after one trial", () => {
    const { end, trials } = gateway();
    end.receive(from(CHACHA, DATA, 0, utf8("x"))).output();
    trials.length = 0;
    expect(end.receive(from(AES, DATA, 1, utf8("y"))).output()).to.deep.equal([]);
    expect([end.texts, end.closed, trials]).to.deep.equal([["x"], undefined, [CHACHA]]);
  });

  for (const [what, preferred, cipher] of [
    ["what is preferred", CHACHA, CHACHA],
    ["the first listed", null, AES],
  ] as const) {
    it(`case 71: guesses ${what} 500 ms after the device could speak, and it gets what is sent`, () => {
      const { device, gateway: end, learned } = handshaken(cipher, preferred);
      expect(end.connection.nextDeadline()).to.equal(Infinity);
      end.send(NOTHING);
      end.send(utf8("second"));
      expect(end.connection.nextDeadline()).to.equal(end.now + CIPHER_WAIT_MS);
      exchangeFor(CIPHER_WAIT_MS - 1, device, end);
      expect(device.texts).to.deep.equal([]);
      exchangeFor(1, device, end);
      exchange(device, end);
      expect(device.texts).to.deep.equal(["", "second"]);
      expect([end.connection.unsentBytes(), learned]).to.deep.equal([0, []]);
      device.send(utf8("thanks"));
      exchange(device, end);
      expect([end.texts, learned]).to.deep.equal([["thanks"], [cipher]]);
    });
  }

  for (const [what, ask, name] of [
    ["a PING", (end: DatagramEnd) => end.connection.request({ type: "ping" }, end.now), "PING 0"],
    ["a REKEY", (end: DatagramEnd) => end.connection.request({ type: "rekey" }, end.now), "REKEY 0"],
  ] as const) {
    it(`holds ${what} that is asked for, as a message`, () => {
      const { end } = gateway();
      ask(end);
      expect(end.output()).to.deep.equal([]);
      expect(namesOf(end.pass(CIPHER_WAIT_MS).output())).to.deep.equal([name]);
    });
  }

  it("waits for SESSION_OK's acknowledgement before it counts the 500 ms", () => {
    const { cipher } = both();
    const end = datagramGateway({ cipher });
    const device = datagramDevice();
    exchange(device, end, (datagram) => datagram[0] === 0xac && datagram[2] === FrameType.SESSION_OK);
    end.send(utf8("x"));
    end.pass(400);
    exchange(device, end);
    end.pass(200);
    device.now = end.now;
    // What is acknowledged now is the SESSION_OK that was sent again.
    exchange(device, end);
    expect(device.texts).to.deep.equal([]);
    exchangeFor(CIPHER_WAIT_MS, device, end);
    exchange(device, end);
    expect(device.texts).to.deep.equal(["x"]);
  });

  it("sends what was held, then BYE, when it is closed", () => {
    const { device, gateway: end } = handshaken(CHACHA, CHACHA);
    end.send(utf8("last words"));
    end.connection.close(new UsmpError("CLOSED", "done"), end.now);
    exchange(device, end);
    expect([device.texts, device.closed]).to.deep.equal([["last words"], "BYE"]);
  });

  it("ends CRYPTO and learns the right cipher if a frame shows that its guess was wrong", () => {
    const { end, learned } = gateway();
    end.send(utf8("x"));
    end.pass(CIPHER_WAIT_MS).output();
    end.receive(from(CHACHA, DATA, 0, utf8("hello")));
    expect([end.closed, end.texts, learned]).to.deep.equal(["CRYPTO", [], [CHACHA]]);
  });

  it("guesses another cipher next time if nothing was acknowledged", () => {
    const { end, learned } = gateway();
    end.send(utf8("x"));
    expect(end.pass(60_000).closed).to.equal("TIMEOUT");
    expect(learned).to.deep.equal([CHACHA]);
  });

  it("keeps a guess that is acknowledged, even if the device sends no frame", () => {
    const { end, learned } = gateway({ keepalive: { idleTimeoutMs: 60_000 } });
    end.send(utf8("x"));
    const [data] = end.pass(CIPHER_WAIT_MS).output();
    end.receive(utackFor(data!, S2C));
    expect([end.pass(60_000).closed, learned]).to.deep.equal(["TIMEOUT", []]);
  });

  it("keeps its choice through a rotation", () => {
    const { device, gateway: end } = handshaken(CHACHA);
    device.send(utf8("first"));
    exchange(device, end);
    device.connection.request({ type: "rekey" }, device.now);
    exchange(device, end);
    device.send(utf8("new"));
    end.send(utf8("too"));
    exchange(device, end);
    expect([end.texts, device.texts]).to.deep.equal([["first", "new"], ["too"]]);
    expect([device.rekeyed, end.rekeyed]).to.deep.equal([["self"], ["peer"]]);
  });
});
