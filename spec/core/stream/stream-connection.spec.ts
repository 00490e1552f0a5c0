import { expect } from "chai";
import sinon from "sinon";
import { concat } from "../../../lib/core/wire/bytes.js";
import { FrameType } from "../../../lib/core/wire/wire.js";
import { UsmpError } from "../../../lib/errors.js";
import { counted, NOTHING, toHex, utf8 } from "../../support/core-bytes.js";
import { crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame } from "../../support/core-frames.js";
import { startLate } from "../../support/core-late-keys.js";
import {
  agreedPair,
  DEVICE_ID,
  deviceEnd,
  establishedEnd,
  fromDevice,
  gatewayEnd,
  handshakenPair,
  Pair,
  PSK,
  undecidedGatewayEnd,
} from "../../support/core-pair.js";

const closing = () => new UsmpError("CLOSED", "the application closed");
const types = (frames: readonly Uint8Array[]) => frames.map((frame) => frame[3]);

describe("StreamConnection", () => {
  afterEach(() => sinon.restore());

  describe("handshake", () => {
    it("starts with HELLO on the device's side and silence on the gateway's", () => {
      expect(types(deviceEnd().frames())).to.deep.equal([FrameType.HELLO]);
      expect(gatewayEnd().frames()).to.deep.equal([]);
    });

    it("establishes both ends with one id and one session", () => {
      const { device, gateway } = handshakenPair();
      const [established] = device.events;
      expect(established).to.deep.include({ type: "established", deviceId: DEVICE_ID });
      expect(gateway.events[0]).to.deep.equal({ type: "hello", deviceId: DEVICE_ID });
      expect(gateway.events[1]).to.deep.equal(established);
    });

    for (const cipher of ["aes-256-gcm", "chacha20-poly1305"] as const) {
      it(`carries messages both ways then, with ${cipher}`, () => {
        const pair = handshakenPair({ cipher });
        pair.device.connection.send(utf8("up"), 0);
        pair.gateway.connection.send(utf8("down"), 0);
        pair.settle();
        expect([pair.gateway.texts, pair.device.texts]).to.deep.equal([["up"], ["down"]]);
      });
    }

    it("waits for the key as long as the lookup takes", () => {
      const pair = new Pair(deviceEnd(), undecidedGatewayEnd());
      pair.settle();
      expect(pair.gateway.events.map(({ type }) => type)).to.deep.equal(["hello"]);
      pair.gateway.connection.providePsk(PSK);
      pair.settle();
      expect(pair.device.established && pair.gateway.established).to.equal(true);
    });

    it("ignores a key that comes too late", () => {
      const { device, gateway } = handshakenPair();
      gateway.connection.providePsk(PSK);
      device.connection.providePsk(PSK);
      expect([gateway.frames(), device.frames()]).to.deep.equal([[], []]);
    });

    it("ignores a key at a device, which has its own", () => {
      const device = deviceEnd();
      device.frames();
      device.connection.providePsk(PSK);
      expect(device.frames()).to.deep.equal([]);
    });

    it("takes session frames that come in one chunk with SESSION_OK", () => {
      const pair = new Pair(deviceEnd(), gatewayEnd());
      pair.deliver(pair.gateway);
      pair.deliver(pair.device);
      pair.deliver(pair.gateway);
      pair.gateway.connection.send(utf8("at once"), 0);
      pair.deliver(pair.device);
      expect(pair.device.texts).to.deep.equal(["at once"]);
    });

    it("keeps no chunk: the transport may overwrite it later", () => {
      const pair = new Pair(deviceEnd(), gatewayEnd());
      for (let turn = 0; turn < 3; turn++) {
        for (const end of [pair.gateway, pair.device]) {
          // A Buffer, as sockets give them: its slice() is a view.
          const chunk = Buffer.from(pair.other(end).output());
          end.receive(chunk);
          chunk.fill(0xee);
        }
      }
      pair.device.connection.send(utf8("up"), 0);
      pair.gateway.connection.send(utf8("down"), 0);
      pair.settle();
      expect([pair.gateway.texts, pair.device.texts]).to.deep.equal([["up"], ["down"]]);
      expect(pair.gateway.events[0]).to.deep.equal({ type: "hello", deviceId: DEVICE_ID });
    });

    it("ends at its deadline, with the handshake's own reason", () => {
      const device = deviceEnd({ handshakeTimeoutMs: 5_000, now: 100 });
      expect(device.connection.nextDeadline()).to.equal(5_100);
      device.connection.handleDeadline(5_099);
      expect(device.closed).to.equal(undefined);
      device.connection.handleDeadline(5_100);
      expect(device.closed).to.equal("TIMEOUT");

      const gateway = undecidedGatewayEnd({ handshakeTimeoutMs: 5_000 });
      gateway.receive(deviceEnd().output());
      gateway.connection.handleDeadline(5_000);
      expect(gateway.closed).to.equal("AUTH");
    });

    it("has no handshake deadline once established", () => {
      const { device, gateway } = handshakenPair({ handshakeTimeoutMs: 5_000 });
      for (const { connection } of [device, gateway]) {
        expect(connection.nextDeadline()).to.equal(Infinity);
        connection.handleDeadline(1_000_000);
      }
      expect([device.closed, gateway.closed]).to.deep.equal([undefined, undefined]);
    });

    it("ends AUTH or TRANSPORT with the stream, depending on its state", () => {
      const cause = new UsmpError("TRANSPORT", "ECONNRESET");
      const pair = new Pair(deviceEnd(), gatewayEnd());
      pair.deliver(pair.gateway);
      pair.deliver(pair.device);
      pair.device.connection.linkEnded(cause);
      pair.gateway.connection.linkEnded();
      expect([pair.device.closed, pair.gateway.closed]).to.deep.equal(["AUTH", "TRANSPORT"]);
    });

    it("starts a session paused if the application does not read", () => {
      const pair = new Pair(deviceEnd({ keepalive: { idleTimeoutMs: 60_000 } }), gatewayEnd());
      pair.device.connection.setReading(false, 0);
      pair.settle();
      expect(pair.device.established).to.equal(true);
      expect(pair.device.connection.nextDeadline(), "a PONG unasked, no idle timeout").to.equal(20_000);
    });
  });

  describe("session", () => {
    it("refuses to send without a session, and sends nothing", () => {
      const device = deviceEnd();
      device.frames();
      expectCode(() => device.connection.send(NOTHING, 0), "NOT_CONNECTED");
      device.connection.abandon(closing());
      expectCode(() => device.connection.send(NOTHING, 0), "NOT_CONNECTED");
      expect(device.frames()).to.deep.equal([]);
    });

    it("keeps the session if a message is too long", () => {
      const device = establishedEnd("device");
      expectCode(() => device.connection.send(new Uint8Array(1809), 0), "PAYLOAD_TOO_LARGE");
      expect(device.closed).to.equal(undefined);
    });

    it("takes ping and rekey without a session for nothing", () => {
      const device = deviceEnd();
      device.frames();
      device.connection.request({ type: "ping" }, 0);
      device.connection.request({ type: "rekey" }, 0);
      expect(device.frames()).to.deep.equal([]);
      expect(device.events).to.deep.equal([]);
    });

    it("counts the bytes that wait to be sent", () => {
      const device = establishedEnd("device");
      device.connection.send(counted(100), 0);
      expect(device.connection.outputLength).to.equal(12 + 28 + 100);
      device.frames();
      expect(device.connection.outputLength).to.equal(0);
    });

    it("gives the keepalive its turn at its deadline", () => {
      const device = establishedEnd("device", { keepalive: { pingAfterTxIdleMs: 1_000, pongTimeoutMs: 500 } });
      device.connection.handleDeadline(device.connection.nextDeadline());
      expect(types(device.frames())).to.deep.equal([FrameType.PING]);
      device.connection.handleDeadline(device.connection.nextDeadline());
      expect(device.closed).to.equal("TIMEOUT");
    });

    it("ends with BYE on the last number when send finds no other", () => {
      startLate("device", { firstTx: 0xffff_fffe });
      const device = establishedEnd("device");
      expectCode(() => device.connection.send(NOTHING, 0), "SEQ_EXHAUSTED");
      expect(types(device.frames())).to.deep.equal([FrameType.BYE]);
      expect(device.closed).to.equal("SEQ_EXHAUSTED");
    });

    it("ends with the last number also when ping, rekey or an answer finds it", () => {
      const steps: ((end: ReturnType<typeof establishedEnd>) => void)[] = [
        ({ connection }) => connection.request({ type: "ping" }, 0),
        ({ connection }) => connection.request({ type: "rekey" }, 0),
        (end) => end.receive(fromDevice(FrameType.PING, 0)),
      ];
      for (const step of steps) {
        startLate("gateway", { firstTx: 0xffff_fffe });
        const gateway = establishedEnd("gateway");
        step(gateway);
        expect(types(gateway.frames())).to.deep.equal([FrameType.BYE]);
        expect(gateway.closed).to.equal("SEQ_EXHAUSTED");
        sinon.restore();
      }
    });

    it("throws a broken provider's error: it is no violation of the peer's", () => {
      const aead = (...args: Parameters<typeof crypto.aead>) => ({
        ...crypto.aead(...args),
        open: () => {
          throw new RangeError("broken");
        },
      });
      const gateway = establishedEnd("gateway", { crypto: { ...crypto, aead } });
      expect(() => gateway.receive(fromDevice(FrameType.PING, 0))).to.throw(RangeError);
    });
  });

  describe("end", () => {
    it("sends BYE last when this side closes, and the peer ends BYE", () => {
      const pair = agreedPair();
      pair.device.connection.send(utf8("last words"), 0);
      pair.device.connection.close(closing());
      expect(pair.device.closed).to.equal("CLOSED");
      pair.settle();
      expect(pair.gateway.texts).to.deep.equal(["last words"]);
      expect(pair.gateway.closed).to.equal("BYE");
    });

    it("sends one BYE, for any reason", () => {
      const device = establishedEnd("device");
      device.connection.close(new UsmpError("SEQ_EXHAUSTED", "as an owner might say it"));
      expect(types(device.frames())).to.deep.equal([FrameType.BYE]);
    });

    it("sends nothing when it is abandoned, or closed in the handshake", () => {
      const device = establishedEnd("device");
      device.connection.abandon(new UsmpError("SEQ_EXHAUSTED", "whatever the reason"));
      expect(device.frames()).to.deep.equal([]);
      const early = deviceEnd();
      early.frames();
      early.connection.close(closing());
      expect(early.frames()).to.deep.equal([]);
      expect([device.closed, early.closed]).to.deep.equal(["SEQ_EXHAUSTED", "CLOSED"]);
    });

    it("ends TRANSPORT, with the cause if there is one, when the stream ends without BYE", () => {
      const device = establishedEnd("device");
      device.connection.linkEnded();
      expect(device.closed).to.equal("TRANSPORT");
      const cause = new UsmpError("TRANSPORT", "ECONNRESET");
      const gateway = establishedEnd("gateway");
      gateway.connection.linkEnded(cause);
      expect(gateway.events.at(-1)).to.deep.equal({ type: "closed", error: cause });
    });

    it("is final: nothing comes out afterwards, and no deadline is left", () => {
      for (const end of [establishedEnd("gateway"), gatewayEnd()]) {
        const { connection } = end;
        connection.abandon(closing());
        end.frames();
        end.receive(fromDevice(FrameType.PING, 0));
        connection.linkEnded();
        connection.close(closing());
        connection.abandon(closing());
        connection.request({ type: "ping" }, 0);
        connection.request({ type: "rekey" }, 0);
        connection.providePsk(PSK);
        connection.setReading(false, 0);
        connection.setReading(true, 0);
        connection.handleDeadline(1_000_000);
        expect(connection.nextDeadline()).to.equal(Infinity);
        expect(end.frames()).to.deep.equal([]);
        expect(end.events.filter(({ type }) => type === "closed")).to.have.lengthOf(1);
        expect(end.closed).to.equal("CLOSED");
      }
    });

    it("ignores frames after BYE in the same chunk", () => {
      const gateway = establishedEnd("gateway");
      gateway.receive(
        concat(fromDevice(FrameType.DATA, 0), fromDevice(FrameType.BYE, 1), fromDevice(FrameType.DATA, 2)),
      );
      expect(gateway.messages).to.have.lengthOf(1);
      expect(gateway.closed).to.equal("BYE");
    });

    it("wipes the session's keys, or the handshake's", () => {
      for (const finish of [true, false]) {
        const wiped: string[] = [];
        const watched = {
          ...crypto,
          wipe: (bytes: Uint8Array) => {
            wiped.push(toHex(bytes));
            crypto.wipe(bytes);
          },
        };
        const pair = new Pair(deviceEnd(), gatewayEnd({ crypto: watched }));
        if (finish) pair.settle();
        else pair.deliver(pair.gateway);
        const before = wiped.length;
        pair.gateway.connection.abandon(closing());
        expect(wiped.length - before).to.equal(finish ? 2 : 1);
      }
    });
  });

  describe("partial frame", () => {
    const half = fromDevice(FrameType.DATA, 0, counted(50)).subarray(0, 30);

    it("counts its silence from the last byte", () => {
      const gateway = establishedEnd("gateway", { partialFrameTimeoutMs: 15_000 });
      expect(gateway.connection.nextDeadline()).to.equal(Infinity);
      gateway.receive(half.subarray(0, 10), 1_000);
      expect(gateway.connection.nextDeadline()).to.equal(16_000);
      gateway.receive(half.subarray(10), 10_000);
      expect(gateway.connection.nextDeadline()).to.equal(25_000);
      gateway.connection.handleDeadline(24_999);
      expect(gateway.closed).to.equal(undefined);
      gateway.connection.handleDeadline(25_000);
      expect(gateway.closed).to.equal("TIMEOUT");
    });

    it("ends a handshake, too", () => {
      const gateway = gatewayEnd({ handshakeTimeoutMs: 60_000 });
      gateway.receive(plainFrame(FrameType.HELLO, counted(38)).subarray(0, 5), 1_000);
      expect(gateway.connection.nextDeadline()).to.equal(16_000);
      gateway.connection.handleDeadline(16_000);
      expect(gateway.closed).to.equal("TIMEOUT");
    });

    it("may wait while the application does not read, and starts anew then", () => {
      const gateway = establishedEnd("gateway");
      gateway.receive(half, 1_000);
      gateway.connection.setReading(false, 2_000);
      gateway.connection.handleDeadline(500_000);
      expect(gateway.closed).to.equal(undefined);
      gateway.connection.setReading(true, 600_000);
      expect(gateway.connection.nextDeadline()).to.equal(615_000);
    });
  });
});
