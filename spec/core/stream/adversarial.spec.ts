/** adversarial-cases.md, as far as one stream connection can show it. The numbers are that list's. */
import { expect } from "chai";
import sinon from "sinon";
import { concat } from "../../../lib/core/wire/bytes.js";
import { FrameType, frameTypeName } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { expectClosed, gatewayAfter, types } from "../../support/core-adversary.js";
import { counted, filled, flipped, fromHex, NOTHING, toHex, utf8 } from "../../support/core-bytes.js";
import { watchingNonces } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame, sealedFrame, withCrc } from "../../support/core-frames.js";
import { startLate } from "../../support/core-late-keys.js";
import {
  agreedPair,
  C2S,
  deviceEnd,
  establishedEnd,
  fromDevice,
  gatewayEnd,
  S2C,
  SESSION_ID,
  type EndOptions,
} from "../../support/core-pair.js";

const { BYE, DATA, DATA_FRAG, PING, PONG, REKEY } = FrameType;

describe("adversarial cases: framing", () => {
  it("case 1: one frame that arrives byte by byte is one, fifty in one chunk are fifty, in order", () => {
    const gateway = gatewayAfter(...Array.from(fromDevice(DATA, 0, utf8("slow")), (byte) => Uint8Array.of(byte)));
    const fifty = Array.from({ length: 50 }, (_, index) => fromDevice(DATA, index + 1, utf8(`${index}`)));
    gateway.receive(concat(...fifty));
    expect(gateway.texts).to.deep.equal(["slow", ...Array.from({ length: 50 }, (_, index) => `${index}`)]);
    expect(gateway.closed).to.equal(undefined);
  });

  it("case 2: bad magic closes FRAME, in a session and before it", () => {
    for (const garbage of [fromHex("00"), fromHex("cdac"), utf8("GET / HTTP/1.1\r\n"), fromHex("160301")]) {
      expectClosed(gatewayAfter(garbage), "FRAME");
      for (const end of [gatewayEnd(), deviceEnd()]) {
        end.receive(garbage);
        expectClosed(end, "FRAME");
      }
    }
  });

  it("case 3: versions 1 and 3 close VERSION", () => {
    for (const version of [1, 3]) {
      const frame = Uint8Array.from(fromDevice(DATA, 0));
      frame[2] = version;
      expectClosed(gatewayAfter(withCrc(frame)), "VERSION");
      const gateway = gatewayEnd();
      gateway.receive(Uint8Array.of(0xcd, 0xab, version));
      expectClosed(gateway, "VERSION");
    }
  });

  it("case 4: lengths 481 and 65535 close FRAME as soon as the header announces them", () => {
    for (const length of ["e101", "ffff"]) {
      const header = fromHex(`cdab 02 05 00000000 ${length}`);
      const gateway = gatewayAfter(header.subarray(0, 9));
      expectClosed(gateway, undefined);
      gateway.receive(header.subarray(9));
      expectClosed(gateway, "FRAME");
    }
  });

  it("case 5: a payload of 480 bytes is kept", () => {
    const gateway = gatewayAfter(fromDevice(DATA, 0, counted(452)));
    expect(gateway.messages[0]).to.have.lengthOf(452);
    expect(gateway.closed).to.equal(undefined);
  });

  it("case 6: a flipped bit under the CRC, or in it, closes FRAME", () => {
    const frame = fromDevice(DATA, 0, counted(20));
    for (let index = 3; index < frame.length; index++) {
      // A flipped length moves the frame's end: what is there is no whole frame, or one with a wrong CRC.
      const expected = index === 8 && (frame[8]! ^ 1) > frame[8]! ? undefined : "FRAME";
      if (index !== 9) expectClosed(gatewayAfter(flipped(frame, index)), expected, `byte ${index}`);
    }
  });

  it("case 7: unknown types close FRAME, even if the frame verifies", () => {
    for (const type of [0x00, 0x0c, 0x7f, 0xff]) {
      expectClosed(gatewayAfter(plainFrame(type, counted(28))), "FRAME");
      expectClosed(gatewayAfter(fromDevice(type, 0)), "FRAME");
    }
  });

  it("case 9: a session payload under 28 bytes closes FRAME", () => {
    for (const type of [DATA, PING, PONG, BYE, DATA_FRAG, REKEY]) {
      for (const length of [0, 12, 27]) expectClosed(gatewayAfter(plainFrame(type, counted(length))), "FRAME");
    }
  });

  it("case 10: another nonce than the derived one closes CRYPTO, though CRC and tag are right", () => {
    expectClosed(gatewayAfter(sealedFrame(C2S, DATA, 0, NOTHING, 1)), "CRYPTO");
    expectClosed(gatewayAfter(sealedFrame({ ...C2S, sessionId: flipped(SESSION_ID, 7) }, DATA, 0)), "CRYPTO");
  });

  it("case 11: half a frame and 15 s of silence close TIMEOUT", () => {
    const gateway = establishedEnd("gateway");
    gateway.receive(fromDevice(DATA, 0).subarray(0, 39), 1_000);
    gateway.connection.handleDeadline(15_999);
    expectClosed(gateway, undefined);
    gateway.connection.handleDeadline(gateway.connection.nextDeadline());
    expectClosed(gateway, "TIMEOUT");
  });
});

describe("adversarial cases: session", () => {
  afterEach(() => sinon.restore());

  it("case 25: a skipped or repeated number closes SEQUENCE", () => {
    expectClosed(gatewayAfter(fromDevice(DATA, 1)), "SEQUENCE");
    const gateway = gatewayAfter(fromDevice(PING, 0));
    gateway.receive(fromDevice(PING, 0));
    expectClosed(gateway, "SEQUENCE");
  });

  it("case 26: a flipped tag or ciphertext bit closes CRYPTO", () => {
    const frame = fromDevice(DATA, 0, counted(20));
    for (let index = 24; index < frame.length; index++)
      expectClosed(gatewayAfter(withCrc(flipped(frame, index))), "CRYPTO");
  });

  it("case 26: a type rewritten with the CRC made right closes CRYPTO", () => {
    for (const type of [PING, PONG, BYE, DATA_FRAG, REKEY]) {
      const frame = Uint8Array.from(fromDevice(DATA, 0, counted(32)));
      frame[3] = type;
      expectClosed(gatewayAfter(withCrc(frame)), "CRYPTO");
    }
  });

  it("case 26: our own frame reflected closes CRYPTO, or SEQUENCE if its number is wrong", () => {
    const gateway = establishedEnd("gateway");
    gateway.connection.send(utf8("mine"), 0);
    gateway.receive(gateway.output());
    expectClosed(gateway, "CRYPTO");
    const device = establishedEnd("device");
    device.connection.send(NOTHING, 0);
    device.frames();
    device.connection.send(utf8("mine"), 0);
    device.receive(device.output());
    expectClosed(device, "SEQUENCE");
  });

  it("case 27: 1808 bytes are four frames and arrive; 1809 are refused here, with nothing sent", () => {
    const pair = agreedPair();
    pair.device.connection.send(counted(1808), 0);
    expectCode(() => pair.device.connection.send(new Uint8Array(1809), 0), "PAYLOAD_TOO_LARGE");
    const frames = pair.device.frames();
    expect(types(frames)).to.deep.equal([DATA_FRAG, DATA_FRAG, DATA_FRAG, DATA]);
    pair.gateway.receive(concat(...frames));
    expect(pair.gateway.messages).to.deep.equal([counted(1808)]);
    expect([pair.device.closed, pair.gateway.closed]).to.deep.equal([undefined, undefined]);
  });

  for (const type of [PING, PONG, BYE]) {
    for (const length of [1, 32, 452]) {
      it(`case 78: ${frameTypeName(type)} with ${length} bytes closes CRYPTO, unanswered (§2)`, () => {
        const gateway = gatewayAfter(fromDevice(type, 0, counted(length)));
        expectClosed(gateway, "CRYPTO");
        expect(gateway.frames()).to.deep.equal([]);
      });
    }
  }

  it("case 28: a fourth DATA_FRAG in one message closes FRAGMENT", () => {
    const fragments = [0, 1, 2].map((seq) => fromDevice(DATA_FRAG, seq, counted(452)));
    const gateway = gatewayAfter(...fragments);
    expectClosed(gateway, undefined);
    gateway.receive(fromDevice(DATA_FRAG, 3, counted(452)));
    expectClosed(gateway, "FRAGMENT");
  });

  it("case 29: PING, PONG or REKEY between fragments closes FRAGMENT", () => {
    for (const [type, plaintext] of [
      [PING, NOTHING],
      [PONG, NOTHING],
      [REKEY, counted(32)],
    ] as const) {
      const gateway = gatewayAfter(fromDevice(DATA_FRAG, 0, counted(452)), fromDevice(type, 1, plaintext));
      expectClosed(gateway, "FRAGMENT");
      expect(gateway.frames()).to.deep.equal([]);
    }
  });

  it("case 30: empty DATA is an empty message", () => {
    const gateway = gatewayAfter(fromDevice(DATA, 0));
    expect(gateway.messages).to.have.lengthOf(1);
    expect(gateway.messages[0]).to.have.lengthOf(0);
  });

  it("case 31: a hundred sends while PONGs go out spend every number once, and no message is torn", () => {
    const watched = watchingNonces();
    const gateway = establishedEnd("gateway", { crypto: watched.crypto });
    for (let index = 0; index < 100; index++) {
      gateway.connection.send(filled((index * 173) % 1809, index), index * 1000);
      if (index % 3 === 0) gateway.receive(fromDevice(PING, index / 3), index * 1000);
      if (index % 7 === 0) gateway.connection.request({ type: "ping" }, index * 1000);
    }
    const frames = gateway.frames();
    const seqs = frames.map((frame) => new DataView(frame.buffer).getUint32(4, true));
    expect(seqs).to.deep.equal(seqs.map((_, index) => index));
    expect(watched.sealingKeys).to.deep.equal([toHex(S2C.key)]);

    const device = establishedEnd("device");
    device.receive(concat(...frames), 1_000_000);
    expect(device.closed).to.equal(undefined);
    expect(device.messages.map(toHex)).to.deep.equal(
      Array.from({ length: 100 }, (_, index) => toHex(filled((index * 173) % 1809, index))),
    );
  });

  it("case 32: a number is spent when its frame is sealed, whether or not it is sent", () => {
    const device = establishedEnd("device");
    device.connection.send(utf8("lost in the socket"), 0);
    device.connection.takeOutput();
    device.connection.send(NOTHING, 0);
    expect(toHex(device.output()).slice(8, 16)).to.equal("01000000");
    device.connection.linkEnded(new UsmpError("TRANSPORT", "EPIPE"));
    expectClosed(device, "TRANSPORT");
  });

  it("case 33: 0xFFFFFFFE is for BYE, and 0xFFFFFFFF never leaves", () => {
    startLate("device", { firstTx: 0xffff_fffd });
    const device = establishedEnd("device");
    device.connection.send(NOTHING, 0);
    expectCode(() => device.connection.send(NOTHING, 0), "SEQ_EXHAUSTED");
    const frames = device.frames();
    expect(types(frames)).to.deep.equal([DATA, BYE]);
    expect(frames.map((frame) => toHex(frame.subarray(4, 8)))).to.deep.equal(["fdffffff", "feffffff"]);
    expectClosed(device, "SEQ_EXHAUSTED");
  });

  it("case 34: a verified frame with 0xFFFFFFFF closes SEQUENCE", () => {
    for (const type of [DATA, PING, BYE]) {
      startLate("gateway", { firstRx: 0xffff_fffe });
      const gateway = gatewayAfter(fromDevice(PONG, 0xffff_fffe));
      expectClosed(gateway, undefined);
      gateway.receive(fromDevice(type, 0xffff_ffff));
      expectClosed(gateway, "SEQUENCE");
      sinon.restore();
    }
  });

  function pings(count: number, first = 0): Uint8Array {
    return concat(...Array.from({ length: count }, (_, index) => fromDevice(PING, first + index)));
  }

  it("case 35: eight control frames in a second are kept, a ninth without a pause closes FLOOD", () => {
    const gateway = gatewayAfter(pings(8));
    expectClosed(gateway, undefined);
    expect(gateway.frames()).to.have.lengthOf(8);
    gateway.receive(pings(1, 8));
    expectClosed(gateway, "FLOOD");
  });

  it("case 35: eight more each second are kept for ever", () => {
    const gateway = establishedEnd("gateway");
    for (let second = 0; second < 20; second++) gateway.receive(pings(8, second * 8), second * 1000);
    expectClosed(gateway, undefined);
    gateway.receive(pings(1, 160), 19_000);
    expectClosed(gateway, "FLOOD");
  });

  it("case 35: sixty that piled up while the loop stood still for 8 s are kept", () => {
    const gateway = gatewayAfter(pings(8));
    gateway.receive(pings(60, 8), 8_000);
    expectClosed(gateway, undefined);
    gateway.receive(pings(5, 68), 8_000);
    expectClosed(gateway, "FLOOD");
  });

  it("case 35: PONG and REKEY count, too", () => {
    const gateway = gatewayAfter(pings(4), concat(...[4, 5, 6, 7, 8].map((seq) => fromDevice(PONG, seq))));
    expectClosed(gateway, "FLOOD");

    const device = establishedEnd("device");
    const peer = establishedEnd("gateway");
    for (let turn = 0; turn < 8; turn++) {
      peer.connection.request({ type: "rekey" }, turn * 1000);
      device.receive(peer.output());
      device.connection.send(NOTHING, 0);
      peer.receive(device.output(), turn * 1000);
    }
    expectClosed(device, undefined);
    peer.connection.request({ type: "rekey" }, 8000);
    device.receive(peer.output());
    expectClosed(device, "FLOOD");
  });

  it("case 36: survives 59 s of silence, closes TIMEOUT after 60 s, and frames that do not verify change nothing", () => {
    const options: EndOptions = { keepalive: { idleTimeoutMs: 60_000 }, partialFrameTimeoutMs: 1_000_000 };
    const gateway = establishedEnd("gateway", options);
    gateway.receive(fromDevice(PING, 0), 10_000);
    gateway.connection.handleDeadline(69_999);
    expectClosed(gateway, undefined);
    gateway.receive(fromDevice(PING, 1).subarray(0, 39), 69_999);
    expect(gateway.connection.nextDeadline()).to.equal(70_000);
    gateway.connection.handleDeadline(70_000);
    expectClosed(gateway, "TIMEOUT");
  });

  it("case 37: the other cipher closes CRYPTO, from the first frame and later", () => {
    for (const cipher of ["aes-256-gcm", "chacha20-poly1305"] as const) {
      const other = cipher === "aes-256-gcm" ? "chacha20-poly1305" : "aes-256-gcm";
      const first = establishedEnd("gateway", { cipher });
      first.receive(sealedFrame({ ...C2S, cipher: other }, DATA, 0));
      expectClosed(first, "CRYPTO");
      const later = establishedEnd("gateway", { cipher });
      later.receive(sealedFrame({ ...C2S, cipher }, PING, 0));
      later.receive(sealedFrame({ ...C2S, cipher: other }, DATA, 1));
      expectClosed(later, "CRYPTO");
    }
  });
});
