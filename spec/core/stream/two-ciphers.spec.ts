/** A gateway that accepts both ciphers (§4) on a stream, without I/O. Adversarial cases 37 and 71. */
import { expect } from "chai";
import { CIPHER_WAIT_MS, CipherNegotiation } from "../../../lib/core/session/cipher-negotiation.js";
import type { CipherName } from "../../../lib/core/crypto-provider.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { expectClosed, types } from "../../support/core-adversary.js";
import { counted, utf8 } from "../../support/core-bytes.js";
import { watchingTrials } from "../../support/core-crypto.js";
import { splitFrames } from "../../support/core-frames.js";
import { establishedEnd, Pair, type End, type EndOptions } from "../../support/core-pair.js";
import { AES, both, CHACHA, CIPHERS, from, fromNobody } from "../../support/core-two-ciphers.js";

const { BYE, DATA, DATA_FRAG, PING, PONG, REKEY } = FrameType;

describe("a gateway with two ciphers, on a stream", () => {
  function gateway(options: EndOptions = {}, preferred: CipherName | null = null) {
    const { cipher, learned } = both(preferred);
    const { crypto, trials } = watchingTrials();
    return { end: establishedEnd("gateway", { cipher, crypto, ...options }), learned, trials };
  }

  function pairOf(end: End, cipher: CipherName): Pair {
    return new Pair(establishedEnd("device", { cipher }), end);
  }

  for (const cipher of CIPHERS) {
    it(`is fixed by a first frame in ${cipher}, and answers in it`, () => {
      const { end, learned } = gateway();
      const pair = pairOf(end, cipher);
      pair.device.connection.send(utf8("hello"), 0);
      pair.device.connection.request({ type: "ping" }, 0);
      pair.settle();
      end.connection.send(counted(1808), 0);
      pair.settle();
      expect(end.texts).to.deep.equal(["hello"]);
      expect(pair.device.messages).to.deep.equal([Buffer.from(counted(1808))]);
      expect(pair.device.events.filter(({ type }) => type === "pong")).to.have.lengthOf(1);
      expect(learned).to.deep.equal([cipher]);
    });
  }

  it("case 37: a later frame in the other cipher closes CRYPTO", () => {
    for (const [first, later] of [
      [CHACHA, AES],
      [AES, CHACHA],
    ] as const) {
      const { end, learned } = gateway();
      end.receive(from(first, PING, 0));
      end.receive(from(later, DATA, 1));
      expectClosed(end, "CRYPTO");
      expect(learned).to.deep.equal([first]);
    }
  });

  it("case 37: a first frame in neither closes CRYPTO, after exactly two trials", () => {
    const { end, trials, learned } = gateway();
    end.receive(fromNobody());
    expectClosed(end, "CRYPTO");
    expect([trials, learned]).to.deep.equal([[AES, CHACHA], []]);
  });

  it("tries both on the first frame only, and one afterwards", () => {
    const { end, trials } = gateway();
    for (let seq = 0; seq < 3; seq++) end.receive(from(CHACHA, DATA, seq));
    expect(trials).to.deep.equal([AES, CHACHA, CHACHA, CHACHA]);
  });

  it("tries only the one cipher that is listed", () => {
    const { crypto, trials } = watchingTrials();
    const end = establishedEnd("gateway", { cipher: new CipherNegotiation([CHACHA]), crypto });
    end.receive(from(AES, DATA, 0));
    expectClosed(end, "CRYPTO");
    expect(trials).to.deep.equal([CHACHA]);
  });

  it("holds messages until the first frame shows the cipher, then sends them in order before any answer", () => {
    const { end } = gateway();
    const pair = pairOf(end, CHACHA);
    const message = utf8("1");
    end.connection.send(message, 0);
    message.fill(0);
    end.connection.send(counted(500), 0);
    end.connection.request({ type: "rekey" }, 0);
    end.connection.request({ type: "ping" }, 0);
    expect(end.output()).to.have.lengthOf(0);
    end.receive(from(CHACHA, PING, 0));
    const sent = end.output();
    pair.device.receive(sent);
    expect(pair.device.messages.map(({ length }) => length)).to.deep.equal([1, 500]);
    expect(pair.device.texts[0]).to.equal("1");
    const order = [DATA, DATA_FRAG, DATA, PING, PONG, REKEY];
    expect(types(splitFrames(sent))).to.deep.equal(order);
  });

  it("gives a held message the ticket of the last byte that it will have", () => {
    const { end } = gateway();
    const lengths = [0, 1, 452, 453, 1808];
    const tickets = lengths.map((length) => end.connection.send(counted(length), 0));
    expect([end.connection.unsentBytes(0), end.connection.outputLength]).to.deep.equal([tickets.at(-1), 0]);
    end.connection.handleDeadline(CIPHER_WAIT_MS);
    expect(end.connection.unsentBytes(0)).to.equal(tickets.at(-1));
    const sealedUpTo: number[] = [];
    let total = 0;
    for (const frame of end.frames()) {
      total += frame.length;
      if (frame[3] === DATA) sealedUpTo.push(total);
    }
    expect(sealedUpTo).to.deep.equal(tickets);
  });

  for (const [what, preferred, cipher] of [
    ["what is preferred", CHACHA, CHACHA],
    ["the first listed", null, AES],
  ] as const) {
    it(`case 71: guesses ${what} after 500 ms, and the device gets what is sent`, () => {
      const { end, learned, trials } = gateway({}, preferred);
      const pair = pairOf(end, cipher);
      expect(end.connection.nextDeadline()).to.equal(Infinity);
      end.connection.send(utf8("first"), 20);
      expect(end.connection.nextDeadline()).to.equal(CIPHER_WAIT_MS);
      end.connection.handleDeadline(CIPHER_WAIT_MS - 1);
      expect(end.output()).to.have.lengthOf(0);
      end.connection.handleDeadline(CIPHER_WAIT_MS);
      expect(end.connection.nextDeadline()).to.equal(Infinity);
      end.connection.send(utf8("second"), CIPHER_WAIT_MS);
      pair.settle();
      expect(pair.device.texts).to.deep.equal(["first", "second"]);
      expect(learned).to.deep.equal([]);
      pair.device.connection.send(utf8("thanks"), 0);
      pair.settle();
      expect([end.texts, learned, trials.at(-1)]).to.deep.equal([["thanks"], [cipher], cipher]);
    });
  }

  it("guesses at once if the first message is sent after 500 ms", () => {
    const { end } = gateway();
    end.connection.send(utf8("late"), CIPHER_WAIT_MS);
    expect(types(end.frames())).to.deep.equal([DATA]);
  });

  for (const [what, ask, type] of [
    ["a PING", (end: End, now: number) => end.connection.request({ type: "ping" }, now), PING],
    ["a REKEY", (end: End, now: number) => end.connection.request({ type: "rekey" }, now), REKEY],
  ] as const) {
    it(`holds ${what} that is asked for, as a message`, () => {
      const { end } = gateway();
      ask(end, 0);
      expect([end.output().length, end.connection.nextDeadline()]).to.deep.equal([0, CIPHER_WAIT_MS]);
      end.connection.handleDeadline(CIPHER_WAIT_MS);
      expect(types(end.frames())).to.deep.equal([type]);
    });
  }

  it("waits no longer when its keepalive is due, and keeps the order", () => {
    const { end } = gateway({ keepalive: { pingAfterRxIdleMs: 100 } });
    end.connection.send(utf8("x"), 0);
    end.connection.handleDeadline(end.connection.nextDeadline());
    expect(types(end.frames())).to.deep.equal([DATA, PING]);
    const paused = gateway().end;
    paused.connection.setReading(false, 0);
    paused.connection.handleDeadline(20_000);
    expect(types(paused.frames())).to.deep.equal([PONG]);
  });

  it("sends what was held, then BYE, when it is closed", () => {
    const { end } = gateway({}, CHACHA);
    end.connection.send(utf8("last words"), 0);
    end.connection.close(new UsmpError("CLOSED", "done"));
    expect(types(end.frames())).to.deep.equal([DATA, BYE]);
    const silent = gateway().end;
    silent.connection.close(new UsmpError("CLOSED", "done"));
    expect(types(silent.frames())).to.deep.equal([BYE]);
  });

  it("ends CRYPTO and learns the right cipher if a frame shows that its guess was wrong", () => {
    const { end, learned, trials } = gateway();
    end.connection.send(utf8("x"), CIPHER_WAIT_MS);
    end.receive(from(CHACHA, DATA, 0, utf8("hello")));
    expectClosed(end, "CRYPTO");
    expect([learned, trials]).to.deep.equal([[CHACHA], [AES, CHACHA]]);
    const closed = end.events.at(-1);
    expect(closed?.type === "closed" && closed.error.message)
      .to.contain(CHACHA)
      .and.to.contain(AES);
  });

  it("guesses another cipher next time if the device hangs up without a frame, and keeps one that a frame showed", () => {
    const { end, learned } = gateway();
    end.connection.send(utf8("x"), CIPHER_WAIT_MS);
    end.connection.linkEnded();
    expect([end.closed, learned]).to.deep.equal(["TRANSPORT", [CHACHA]]);
    const shown = gateway();
    shown.end.receive(from(AES, DATA, 0));
    shown.end.connection.linkEnded();
    expect(shown.learned).to.deep.equal([AES]);
    const idle = gateway();
    idle.end.connection.linkEnded();
    expect(idle.learned).to.deep.equal([]);
  });

  it("keeps its choice through rotations, also one that it starts on a guess", () => {
    for (const speaksFirst of [true, false]) {
      const { end, trials } = gateway({}, CHACHA);
      const pair = pairOf(end, CHACHA);
      pair.now = CIPHER_WAIT_MS;
      if (speaksFirst) pair.device.connection.send(utf8("first"), 0);
      pair.settle();
      end.connection.request({ type: "rekey" }, pair.now);
      end.connection.send(utf8("under the new key"), pair.now);
      pair.settle();
      pair.device.connection.send(utf8("so do I"), pair.now);
      pair.settle();
      expect(pair.device.texts).to.deep.equal(["under the new key"]);
      expect([end.texts.at(-1), end.closed]).to.deep.equal(["so do I", undefined]);
      trials.length = 0;
      pair.device.connection.send(utf8("one trial"), pair.now);
      pair.settle();
      expect(trials).to.deep.equal([CHACHA]);
    }
  });

  it("tries one cipher under a new key if a frame under the old key has shown it", () => {
    const { end, trials } = gateway({}, CHACHA);
    const pair = pairOf(end, CHACHA);
    pair.device.connection.send(utf8("old"), 0);
    pair.inFlight(end);
    end.connection.request({ type: "rekey" }, CIPHER_WAIT_MS);
    pair.deliver(end);
    expect(trials).to.deep.equal([AES, CHACHA]);
    pair.deliver(pair.device);
    pair.device.connection.send(utf8("new"), 0);
    pair.settle();
    expect(end.texts).to.deep.equal(["old", "new"]);
    expect(trials).to.deep.equal([AES, CHACHA, CHACHA]);
  });
});
