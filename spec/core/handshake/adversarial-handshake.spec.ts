/** adversarial-cases.md, the handshake, as far as one stream connection can show it. The numbers are that list's. */
import { expect } from "chai";
import { concat } from "../../../lib/core/wire/bytes.js";
import { parsePsk } from "../../../lib/core/handshake/psk.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import {
  expectClosed,
  gatewayAfter,
  LOW_ORDER_KEYS,
  playDevice,
  playGateway,
  types,
} from "../../support/core-adversary.js";
import { counted, filled, flipped, toHex, utf8 } from "../../support/core-bytes.js";
import { counting, crypto, scripted } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame, withCrc } from "../../support/core-frames.js";
import { DEVICE_ID, deviceEnd, fromDevice, gatewayEnd, Pair, undecidedGatewayEnd } from "../../support/core-pair.js";

const { BYE, CHALLENGE, DATA, DATA_FRAG, HELLO, HELLO_ACK, HELLO_RETRY, PING, PONG, REKEY, SESSION_OK } = FrameType;

describe("adversarial cases: handshake", () => {
  it("case 13: a first frame that is not HELLO closes HANDSHAKE", () => {
    for (let type = 0; type <= 0xff; type++) {
      if (type === HELLO) continue;
      const gateway = gatewayEnd();
      gateway.receive(plainFrame(type, counted(38)));
      expectClosed(gateway, "HANDSHAKE", `type ${type}`);
      expect(gateway.frames()).to.deep.equal([]);
    }
  });

  it("case 14: HELLO of 37 or 39 bytes closes HANDSHAKE, before any lookup", () => {
    for (const length of [0, 37, 39, 53, 55, 480]) {
      const gateway = gatewayEnd();
      gateway.receive(plainFrame(HELLO, counted(length)));
      expect(gateway.events.map(({ type }) => type)).to.deep.equal(["closed"]);
      expectClosed(gateway, "HANDSHAKE");
    }
  });

  it("case 15: a low-order key closes AUTH on either side, though the HMAC is right", () => {
    for (const key of LOW_ORDER_KEYS) {
      const gateway = gatewayEnd();
      expect(playDevice(gateway, { pubC: key })).to.deep.equal([]);
      expectClosed(gateway, "AUTH", toHex(key));
      const device = deviceEnd();
      playGateway(device, { pubS: key });
      expectClosed(device, "AUTH", toHex(key));
    }
  });

  it("case 15: the same players with a sound key get their session", () => {
    const gateway = gatewayEnd();
    expect(types(playDevice(gateway))).to.deep.equal([SESSION_OK]);
    const device = deviceEnd();
    playGateway(device);
    expect(gateway.established && device.established).to.equal(true);
  });

  it("case 16: an unknown id and a wrong PSK get the same frames and the same end", () => {
    const seen = [null, filled(16, 0x99), filled(100, 0x99)].map((psk) => {
      const random = [filled(32, 1), ...(psk === null ? [filled(32, 2)] : [])];
      const gateway = gatewayEnd({ crypto: scripted({ privateKeys: [counted(32)], random }), psk });
      gateway.receive(plainFrame(HELLO, concat(DEVICE_ID, counted(32, 9))));
      const challenge = toHex(gateway.output());
      gateway.receive(plainFrame(HELLO_ACK, counted(32)));
      const last = gateway.events.at(-1);
      return {
        challenge,
        rest: toHex(gateway.output()),
        end: last?.type === "closed" && last.error.message,
        closed: gateway.closed,
      };
    });
    expect(seen[0]).to.include({ closed: "AUTH", rest: "" });
    expect(seen[1]).to.deep.equal(seen[0]);
    expect(seen[2]).to.deep.equal(seen[0]);
  });

  it("case 16: the real device with a wrong PSK learns AUTH from the closed stream", () => {
    for (const psk of [null, filled(16, 0x99)]) {
      const pair = new Pair(deviceEnd(), gatewayEnd({ psk }));
      pair.settle();
      expect(pair.gateway.closed).to.equal("AUTH");
      pair.device.connection.linkEnded();
      expect(pair.device.closed).to.equal("AUTH");
    }
  });

  it("case 18: HELLO_ACK with one bit flipped closes AUTH, and no X25519 exchange was computed", () => {
    for (let bit = 0; bit < 256; bit++) {
      const { crypto: provider, exchanges } = counting();
      const gateway = gatewayEnd({ crypto: provider });
      expect(playDevice(gateway, { change: (hmac) => flipped(hmac, bit >> 3, 1 << (bit & 7)) })).to.deep.equal([]);
      expectClosed(gateway, "AUTH");
      expect(exchanges()).to.equal(0);
    }
    const { crypto: provider, exchanges } = counting();
    playDevice(gatewayEnd({ crypto: provider }));
    expect(exchanges()).to.equal(1);
  });

  it("case 18: a wrong SESSION_OK costs the device no exchange either", () => {
    const { crypto: provider, exchanges } = counting();
    const device = deviceEnd({ crypto: provider });
    playGateway(device, { psk: filled(16, 0x99) });
    expectClosed(device, "AUTH");
    expect(exchanges()).to.equal(0);
  });

  it("case 19: the client's own HMAC reflected as SESSION_OK closes AUTH", () => {
    for (const sessionId of [filled(16, 0), concat(DEVICE_ID, filled(10, 0))]) {
      const device = deviceEnd();
      const [hello] = device.frames();
      // Even its own public key comes back.
      device.receive(plainFrame(CHALLENGE, concat(filled(32, 1), hello!.slice(18, 50))));
      const [ack] = device.frames();
      device.receive(plainFrame(SESSION_OK, concat(sessionId, ack!.slice(12))));
      expectClosed(device, "AUTH");
    }
  });

  /** Runs a handshake in which `tamper` sees every frame on its way. */
  function underAttack(tamper: (frame: Uint8Array) => Uint8Array): Pair {
    const pair = new Pair(deviceEnd(), gatewayEnd());
    for (let turn = 0; turn < 2; turn++) {
      for (const frame of pair.device.frames()) pair.gateway.receive(withCrc(tamper(frame)));
      for (const frame of pair.gateway.frames()) pair.device.receive(withCrc(tamper(frame)));
    }
    return pair;
  }

  const parts = [
    { name: "device_id", type: HELLO, from: 12, to: 18, seenBy: "gateway" },
    { name: "pub_C", type: HELLO, from: 18, to: 50, seenBy: "gateway" },
    { name: "nonce", type: CHALLENGE, from: 12, to: 44, seenBy: "gateway" },
    { name: "pub_S", type: CHALLENGE, from: 44, to: 76, seenBy: "gateway" },
    { name: "hmac_client", type: HELLO_ACK, from: 12, to: 44, seenBy: "gateway" },
    { name: "session_id", type: SESSION_OK, from: 12, to: 28, seenBy: "device" },
    { name: "hmac_server", type: SESSION_OK, from: 28, to: 60, seenBy: "device" },
  ] as const;

  for (const { name, type, from, to, seenBy } of parts) {
    it(`case 20: a changed ${name} is seen by the ${seenBy}, which closes AUTH`, () => {
      for (let index = from; index < to; index++) {
        const pair = underAttack((frame) => (frame[3] === type ? flipped(frame, index) : frame));
        expect(pair[seenBy].closed, `byte ${index}`).to.equal("AUTH");
        expect(pair.device.established).to.equal(false);
      }
    });
  }

  it("case 20: keys of the man in the middle, both ways, close AUTH", () => {
    const own = crypto.generateKeyPair().publicKey;
    const pair = underAttack((frame) => {
      if (frame[3] === HELLO) return concat(frame.slice(0, 18), own);
      return frame[3] === CHALLENGE ? concat(frame.slice(0, 44), own) : frame;
    });
    expect(pair.gateway.closed).to.equal("AUTH");
    expect(pair.device.established || pair.gateway.established).to.equal(false);
  });

  it("case 21: a second HELLO closes HANDSHAKE at every point of an open stream", () => {
    const hello = plainFrame(HELLO, counted(38));
    expectClosed(gatewayAfter(hello), "HANDSHAKE");
    for (const gateway of [undecidedGatewayEnd(), gatewayEnd()]) {
      gateway.receive(hello);
      gateway.receive(hello);
      expectClosed(gateway, "HANDSHAKE");
    }
  });

  it("case 21: so does every other handshake frame in a session", () => {
    for (const type of [CHALLENGE, HELLO_ACK, SESSION_OK, HELLO_RETRY]) {
      expectClosed(gatewayAfter(plainFrame(type, counted(64))), "HANDSHAKE");
      expectClosed(gatewayAfter(fromDevice(type, 0)), "HANDSHAKE");
    }
  });

  it("case 22: session frames before SESSION_OK close HANDSHAKE, on both sides", () => {
    for (const type of [DATA, PING, PONG, BYE, DATA_FRAG, REKEY]) {
      const ends = [gatewayEnd(), deviceEnd(), undecidedGatewayEnd(), gatewayEnd(), deviceEnd()];
      ends[2]!.receive(plainFrame(HELLO, counted(38)));
      ends[3]!.receive(plainFrame(HELLO, counted(38)));
      ends[4]!.receive(plainFrame(CHALLENGE, counted(64)));
      for (const end of ends) {
        end.receive(fromDevice(type, 0));
        expectClosed(end, "HANDSHAKE");
      }
    }
  });

  it("case 23: a PSK of 15 bytes is refused, with the length needed and never the key", () => {
    for (const psk of ["secret-of-15-by", utf8("secret-of-15-by")]) {
      const { message } = expectCode(() => parsePsk(psk), "INVALID_ARG");
      expect(message).to.include("16").and.not.to.include("secret");
    }
  });

  it("case 24: a handshake ends TIMEOUT at its deadline, however many bytes keep coming", () => {
    const gateway = gatewayEnd({ handshakeTimeoutMs: 10_000 });
    const hello = plainFrame(HELLO, counted(38));
    for (let index = 0; index < hello.length - 1; index++) {
      const now = index * 200;
      gateway.connection.handleDeadline(now);
      gateway.receive(hello.subarray(index, index + 1), now);
    }
    expectClosed(gateway, undefined);
    gateway.connection.handleDeadline(10_000);
    expectClosed(gateway, "TIMEOUT");
  });
});
