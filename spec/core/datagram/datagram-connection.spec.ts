import { expect } from "chai";
import type { CryptoProvider } from "../../../lib/core/crypto-provider.js";
import { UsmpError } from "../../../lib/errors.js";
import { FrameType, MAX_MESSAGE_LENGTH } from "../../../lib/core/wire/wire.js";
import { filled, utf8 } from "../../support/core-bytes.js";
import { counting, crypto } from "../../support/core-crypto.js";
import { expectCode } from "../../support/core-errors.js";
import { plainFrame } from "../../support/core-frames.js";
import { fromGateway, PSK } from "../../support/core-pair.js";
import type { DatagramEnd } from "../../support/datagram-pair.js";
import {
  bareUtackFor,
  datagramDevice,
  datagramGateway,
  datagramPair,
  establishedDatagramEnd,
  exchange,
  exchangeFor,
  nameOf,
  namesOf,
} from "../../support/datagram-pair.js";

function copies(datagram: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => datagram);
}

const CLOSED = new UsmpError("CLOSED", "by the spec");
const TROUBLE = new UsmpError("TRANSPORT", "nothing listens there");

describe("DatagramConnection", () => {
  describe("the handshake", () => {
    it("goes through, each frame acknowledged, and both ends have a session (§3, §6)", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway()];
      const seen: string[] = [];
      exchange(device, gateway, (datagram) => (seen.push(nameOf(datagram)), false));
      expect(seen).to.deep.equal([
        "HELLO 0",
        "UTACK HELLO 0",
        "CHALLENGE 0",
        "UTACK CHALLENGE 0",
        "HELLO_ACK 2",
        "UTACK HELLO_ACK 2",
        "SESSION_OK 0",
        "UTACK SESSION_OK 0",
      ]);
      expect([device.established, gateway.established]).to.deep.equal([true, true]);
      expect(device.connection.nextDeadline()).to.equal(Infinity);
      expect(gateway.connection.nextDeadline()).to.equal(Infinity);
    });

    it("answers HELLO_RETRY with the cookie, once for each cookie (§3)", () => {
      const device = datagramDevice();
      const [hello] = device.output();
      const retry = plainFrame(FrameType.HELLO_RETRY, filled(16, 7));
      device.receive(retry);
      const [utack, again] = device.output();
      expect(nameOf(utack!)).to.equal("UTACK HELLO_RETRY 0");
      expect(nameOf(again!)).to.equal("HELLO 1");
      expect(again!.subarray(12, 50)).to.deep.equal(hello!.subarray(12));
      expect(again!.subarray(50)).to.deep.equal(filled(16, 7));
      device.receive(retry);
      expect(namesOf(device.output())).to.deep.equal(["UTACK HELLO_RETRY 0"]);
      expect(namesOf(device.nextDeadline().output()), "only the one with the cookie is repeated").to.deep.equal([
        "HELLO 1",
      ]);
    });

    it("is repeated until a reply comes, with waits that double (§6)", () => {
      const device = datagramDevice();
      const [hello] = device.output();
      for (const at of [500, 1_500, 3_500, 7_500, 12_500]) {
        expect(device.nextDeadline().output()).to.deep.equal([hello]);
        expect(device.now).to.equal(at);
      }
      expect(device.connection.retransmissions).to.equal(5);
      expect(device.nextDeadline().closed).to.equal("TIMEOUT");
      expect(device.now).to.equal(15_000);
    });

    it("is AUTH if the proof was sent and no answer came (§3.5)", () => {
      const device = datagramDevice();
      const gateway = datagramGateway({ psk: filled(16, 1) });
      exchangeFor(15_000, device, gateway);
      expect(device.closed).to.equal("AUTH");
      expect(gateway.closed).to.equal("AUTH");
    });

    it("is TIMEOUT on a gateway whose device went away, and AUTH if the key lookup never settled", () => {
      for (const [psk, code] of [
        [PSK, "TIMEOUT"],
        [undefined, "AUTH"],
      ] as const) {
        const gateway = datagramGateway({ psk });
        gateway.receive(...datagramDevice().output());
        expect(gateway.pass(15_000).closed).to.equal(code);
      }
    });

    it("computes no exchange for a wrong proof (case 18)", () => {
      const { crypto: provider, exchanges } = counting();
      const gateway = datagramGateway({ crypto: provider });
      const device = datagramDevice({ psk: filled(16, 9) });
      exchange(device, gateway);
      expect(exchanges()).to.equal(0);
      expect(gateway.closed).to.equal(undefined);
    });

    it("measures the round trip if nothing was retransmitted, without the key lookup (§6)", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway({ psk: undefined })];
      const at = (now: number): void => void (device.now = gateway.now = now);
      gateway.receive(...device.output());
      gateway.output();
      // The look-up takes its time.
      at(400);
      gateway.connection.providePsk(PSK, 400);
      at(430);
      device.receive(...gateway.output());
      at(460);
      gateway.receive(...device.output());
      at(490);
      device.receive(...gateway.output());
      expect([device.established, gateway.established]).to.deep.equal([true, true]);
      expect([device.connection.roundTripMs, gateway.connection.roundTripMs]).to.deep.equal([60, 60]);
    });

    it("ignores a key that arrives after the handshake's end", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway({ psk: undefined })];
      gateway.receive(...device.output());
      gateway.output();
      gateway.connection.close(new UsmpError("CLOSED", "the gateway stopped"), 400);
      gateway.connection.providePsk(PSK, 500);
      expect(gateway.output()).to.deep.equal([]);
      expect(gateway.closed).to.equal("CLOSED");
    });

    it("measures no round trip if its last exchange was retransmitted (Karn's rule)", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway()];
      gateway.receive(...device.output());
      device.receive(...gateway.output());
      const lost = device.output().length;
      expect(lost).to.equal(2);
      gateway.nextDeadline().output();
      gateway.receive(...device.nextDeadline().output());
      device.receive(...gateway.output());
      expect([device.established, gateway.established]).to.deep.equal([true, true]);
      expect([device.connection.roundTripMs, gateway.connection.roundTripMs]).to.deep.equal([null, null]);
    });

    it("answers copies of HELLO at once, then at most 8 in a second (§6, case 73)", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway()];
      const [hello] = device.output();
      gateway.receive(hello!);
      const answer = gateway.output();
      expect(namesOf(answer)).to.deep.equal(["UTACK HELLO 0", "CHALLENGE 0"]);
      gateway.receive(hello!);
      expect(gateway.output()).to.deep.equal(answer);
      gateway.receive(...copies(hello!, 100));
      expect(gateway.output()).to.deep.equal(Array.from({ length: 7 }, () => answer).flat());
      gateway.now = 999;
      expect(gateway.receive(hello!).output()).to.deep.equal([]);
      gateway.now = 1_000;
      expect(gateway.receive(hello!).output()).to.deep.equal(answer);
    });

    it("answers copies of a question whose key is still looked up no more often (§6)", () => {
      const [device, gateway] = [datagramDevice(), datagramGateway({ psk: undefined })];
      const [hello] = device.output();
      gateway.receive(...copies(hello!, 100));
      expect(namesOf(gateway.output())).to.deep.equal(Array.from({ length: 9 }, () => "UTACK HELLO 0"));
    });

    it("ends a device's attempt if the network reports that no one listens; a gateway keeps waiting", () => {
      const device = datagramDevice();
      device.connection.onTransientError(TROUBLE);
      expect(device.closed).to.equal("TRANSPORT");
      const gateway = datagramGateway();
      gateway.connection.onTransientError(TROUBLE);
      expect(gateway.closed).to.equal(undefined);
    });

    it("ends with the link, with or without a cause", () => {
      const device = datagramDevice();
      device.connection.linkEnded();
      device.connection.linkEnded(TROUBLE);
      expect(device.closed).to.equal("TRANSPORT");
      const other = datagramDevice();
      other.connection.close(CLOSED, 0);
      expect(other.closed).to.equal("CLOSED");
      expect(other.connection.lingers).to.equal(false);
    });
  });

  describe("a gateway's SESSION_OK", () => {
    /** Up to where SESSION_OK has left the gateway. */
    function almost(): { device: DatagramEnd; gateway: DatagramEnd; sessionOk: Uint8Array; helloAck: Uint8Array } {
      const [device, gateway] = [datagramDevice(), datagramGateway()];
      gateway.receive(...device.output());
      device.receive(...gateway.output());
      const fromDevice = device.output();
      gateway.receive(...fromDevice);
      const sessionOk = gateway.output().at(-1)!;
      return { device, gateway, sessionOk, helloAck: fromDevice.at(-1)! };
    }

    it("answers copies of the proof at most 8 times a second, and half as often once it has arrived (§6, cases 40, 73)", () => {
      const { device, gateway, sessionOk, helloAck } = almost();
      gateway.receive(...copies(helloAck, 100));
      expect(namesOf(gateway.output())).to.deep.equal(
        Array.from({ length: 8 }, () => ["UTACK HELLO_ACK 2", "SESSION_OK 0"]).flat(),
      );
      gateway.now = device.now = 1_000;
      device.receive(sessionOk);
      device.send(utf8("hello"));
      gateway.receive(...device.output());
      expect(gateway.texts).to.deep.equal(["hello"]);
      gateway.output();
      gateway.receive(...copies(helloAck, 100));
      expect(namesOf(gateway.output())).to.deep.equal(Array.from({ length: 4 }, () => "UTACK HELLO_ACK 2"));
    });

    it("is repeated until its UTACK, and held messages follow it", () => {
      const { gateway, sessionOk } = almost();
      gateway.send(utf8("welcome"));
      expect(gateway.output()).to.deep.equal([]);
      expect(gateway.nextDeadline().output()).to.deep.equal([sessionOk]);
      gateway.receive(bareUtackFor(sessionOk));
      expect(namesOf(gateway.output())).to.deep.equal(["DATA 0"]);
    });

    it("counts as acknowledged when a session frame verifies (§6)", () => {
      const { device, gateway, sessionOk } = almost();
      gateway.send(utf8("welcome"));
      device.receive(sessionOk);
      device.send(utf8("hello"));
      gateway.receive(device.output().at(-1)!);
      expect(namesOf(gateway.output())).to.deep.equal(["UTACK DATA 0", "DATA 0"]);
    });

    it("answers the same HELLO_ACK again in the same bytes, and the device acknowledges it again (case 40)", () => {
      const { device, gateway, sessionOk, helloAck } = almost();
      gateway.receive(helloAck);
      expect(gateway.output().at(-1)).to.deep.equal(sessionOk);
      expect(gateway.events.filter(({ type }) => type === "established")).to.have.lengthOf(1);
      device.receive(sessionOk);
      device.output();
      device.receive(sessionOk);
      expect(device.output()).to.deep.equal([bareUtackFor(sessionOk)]);
      device.send(utf8("hello"));
      gateway.receive(device.output().at(-1)!, helloAck);
      expect(namesOf(gateway.output()), "the device has it").to.deep.equal(["UTACK DATA 0", "UTACK HELLO_ACK 2"]);
    });

    it("answers HELLO_ACK again after a UTACK that anybody may have forged (case 40)", () => {
      const { device, gateway, sessionOk, helloAck } = almost();
      gateway.receive(bareUtackFor(sessionOk));
      expect(gateway.connection.nextDeadline(), "it is not repeated by itself").to.equal(Infinity);
      gateway.receive(helloAck);
      expect(gateway.output().at(-1)).to.deep.equal(sessionOk);
      device.receive(sessionOk);
      exchange(device, gateway);
      expect(device.established).to.equal(true);
    });

    it("answers the same proof again under another number, which nothing protects (case 40)", () => {
      const { gateway, sessionOk, helloAck } = almost();
      gateway.receive(plainFrame(FrameType.HELLO_ACK, helloAck.subarray(12), 7));
      expect(gateway.output().at(-1)).to.deep.equal(sessionOk);
    });

    it("ends the session if it is never acknowledged", () => {
      const { gateway } = almost();
      expect(gateway.pass(15_000).closed).to.equal("TIMEOUT");
    });

    it("does not keep queued messages from leaving before BYE", () => {
      const { device, gateway, sessionOk } = almost();
      gateway.send(utf8("welcome"));
      gateway.connection.close(CLOSED, 0);
      device.receive(sessionOk);
      exchange(gateway, device);
      expect(device.texts).to.deep.equal(["welcome"]);
      expect(device.closed).to.equal("BYE");
    });
  });

  describe("a session", () => {
    it("carries messages of every length both ways, at most one frame in flight", () => {
      const { device, gateway } = datagramPair();
      const lengths = [0, 1, 452, 453, 905, MAX_MESSAGE_LENGTH];
      for (const end of [device, gateway]) for (const length of lengths) end.send(filled(length, length & 0xff));
      expect(namesOf(device.output())).to.deep.equal(["DATA 0"]);
      exchangeFor(1_000, device, gateway);
      for (const end of [device, gateway]) {
        const received = end.events.flatMap((event) => (event.type === "message" ? [event.data.length] : []));
        expect(received).to.deep.equal(lengths);
      }
    });

    it("settles the ticket of a message when its last frame is acknowledged", () => {
      const { device, gateway } = datagramPair();
      const { connection } = device;
      const tickets = ["0", "1", "2"].map((text) => connection.send(utf8(text), 0));
      expect(tickets).to.deep.equal([1, 2, 3]);
      expect(connection.settled()).to.equal(0);
      expect(connection.unsentBytes()).to.be.greaterThan(3);
      exchange(device, gateway);
      expect(connection.settled()).to.equal(3);
      expect(connection.unsentBytes()).to.equal(0);
      expect(connection.framesSent).to.equal(5);
      expect(connection.framesReceived).to.equal(2);
      expect(connection.roundTripMs).to.equal(0);
      connection.abandon(CLOSED);
      expect(connection.settled()).to.equal(3);
      expect(connection.unsentBytes()).to.equal(0);
      expect(connection.retransmissions).to.equal(0);
    });

    it("refuses a message that is too long, or that comes without a session", () => {
      const { device } = datagramPair();
      expectCode(() => device.send(filled(1_809, 0)), "PAYLOAD_TOO_LARGE");
      expect(device.output()).to.deep.equal([]);
      expectCode(() => datagramDevice().send(utf8("x")), "NOT_CONNECTED");
    });

    it("answers PING, which tells the round trip", () => {
      const { device, gateway } = datagramPair();
      device.connection.request({ type: "ping" }, 0);
      const [ping] = device.output();
      device.now = gateway.now = 40;
      gateway.receive(ping!);
      exchange(gateway, device);
      expect(device.events.at(-1)).to.deep.equal({ type: "pong", roundTripMs: 40 });
      expect(gateway.closed).to.equal(undefined);
    });

    it("does nothing for ping, rekey and prepare without a session", () => {
      const device = datagramDevice();
      device.output();
      device.connection.request({ type: "ping" }, 0);
      device.connection.request({ type: "rekey" }, 0);
      device.connection.prepare();
      device.connection.setCongested();
      expect(device.output()).to.deep.equal([]);
    });

    it("survives network errors, which are the cause of a later loss", () => {
      const { device } = datagramPair();
      device.connection.onTransientError(TROUBLE);
      expect(device.closed).to.equal(undefined);
      device.send(utf8("into the dark"));
      expect(device.pass(60_000).closed).to.equal("TIMEOUT");
      const last = device.events.at(-1);
      expect(last?.type === "closed" && last.error.cause).to.equal(TROUBLE);
    });

    it("that begins while the application does not read takes no message before it does", () => {
      const device = datagramDevice();
      device.connection.setReading(false, 0);
      const gateway = datagramGateway();
      exchange(device, gateway);
      gateway.send(utf8("early"));
      exchange(gateway, device);
      expect(device.texts).to.deep.equal([]);
      device.connection.setReading(true, 0);
      exchangeFor(1_000, gateway, device);
      expect(device.texts).to.deep.equal(["early"]);
    });
  });

  describe("close", () => {
    it("emits closed at once, sends what was accepted, then BYE, and is over when BYE is acknowledged", () => {
      const { device, gateway } = datagramPair();
      device.send(utf8("one"));
      device.send(utf8("two"));
      device.connection.close(CLOSED, 0);
      device.connection.close(CLOSED, 0);
      expect(device.closed).to.equal("CLOSED");
      expect(device.connection.lingers).to.equal(true);
      exchange(device, gateway);
      expect(gateway.texts).to.deep.equal(["one", "two"]);
      expect(gateway.closed).to.equal("BYE");
      expect(device.connection.lingers).to.equal(false);
      expect(device.connection.settled()).to.equal(2);
      expect(device.connection.nextDeadline()).to.equal(Infinity);
    });

    it("retransmits BYE until it is acknowledged, and gives up if it never is", () => {
      const { device } = datagramPair();
      device.connection.close(CLOSED, 0);
      const [bye] = device.output();
      expect(device.nextDeadline().output()).to.deep.equal([bye]);
      device.connection.onTransientError(TROUBLE);
      while (device.connection.lingers) device.nextDeadline().output();
      expect(device.events.at(-1)).to.deep.include({ type: "closed", error: CLOSED });
    });

    it("is over at once if the peer sends BYE, too", () => {
      const { device, gateway } = datagramPair();
      device.connection.close(CLOSED, 0);
      gateway.connection.close(CLOSED, 0);
      exchange(device, gateway);
      expect([device.connection.lingers, gateway.connection.lingers]).to.deep.equal([false, false]);
    });

    it("takes no more messages", () => {
      const { device, gateway } = datagramPair();
      device.send(utf8("under way"));
      device.connection.close(CLOSED, 0);
      gateway.send(utf8("too late"));
      exchange(gateway, device);
      expect(device.texts).to.deep.equal([]);
      device.connection.setReading(true, 0);
      expectCode(() => device.send(utf8("x")), "NOT_CONNECTED");
    });

    it("leaves nothing that anything still moves", () => {
      const { device, gateway } = datagramPair();
      gateway.send(utf8("x"));
      const [data] = gateway.output();
      device.connection.abandon(CLOSED);
      device.connection.close(CLOSED, 0);
      device.connection.handleDeadline(1e9);
      device.receive(data!, bareUtackFor(data!));
      expect(device.output()).to.deep.equal([]);
      expect(device.events.at(-1)?.type).to.equal("closed");
      expect(device.connection.roundTripMs, "as the handshake showed it").to.equal(0);
    });
  });

  it("throws an error that is no violation but a defect, such as a provider's", () => {
    const broken = new Error("defect");
    const provider: CryptoProvider = {
      ...crypto,
      aead: (...args) => ({
        ...crypto.aead(...args),
        open: () => {
          throw broken;
        },
        wipe: () => {},
      }),
    };
    const device = establishedDatagramEnd("device", { crypto: provider });
    expect(() => device.receive(fromGateway(FrameType.PING, 0))).to.throw(broken);
  });
});
