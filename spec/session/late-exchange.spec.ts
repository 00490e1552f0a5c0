/** A gateway's driver writes SESSION_OK before its core computes the keys, whatever the link does within that call. */
import { expect } from "chai";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { StreamGatewayHandshake } from "../../lib/core/handshake/stream-gateway.js";
import { StreamConnection } from "../../lib/core/stream/stream-connection.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { UsmpError } from "../../lib/errors.js";
import { SessionDriver } from "../../lib/session/driver.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { crypto } from "../support/core-crypto.js";
import { DECOY_PSK, deviceEnd, NO_KEEPALIVE, PSK, type End } from "../support/core-pair.js";
import { ScriptedLink } from "../support/session-link.js";

interface Rig {
  readonly clock: VirtualClock;
  readonly link: ScriptedLink;
  readonly driver: SessionDriver;
  readonly device: End;
  readonly events: string[];
}

/** A gateway whose CHALLENGE the device has; `events` has writes by frame type, exchanges, and what is told. */
function challenged(onSessionOk: (rig: Rig) => void = () => {}): Rig {
  const events: string[] = [];
  const generateKeyPair: CryptoProvider["generateKeyPair"] = () => {
    const pair = crypto.generateKeyPair();
    const sharedSecret = (peer: Uint8Array): Uint8Array | null => (events.push("exchange"), pair.sharedSecret(peer));
    return { publicKey: pair.publicKey, sharedSecret, wipe: () => pair.wipe() };
  };
  const provider = { ...crypto, generateKeyPair };
  const clock = new VirtualClock();
  const device = deviceEnd();
  const link = new (class extends ScriptedLink {
    override send(bytes: Uint8Array, onFlushed: () => void): void {
      super.send(bytes, onFlushed);
      const type = bytes[3]!;
      events.push(`write ${type}`);
      if (type === FrameType.SESSION_OK) onSessionOk(rig);
    }
  })();
  const driver: SessionDriver = new SessionDriver(
    {
      link,
      settings: { clock, maxUnsentBytes: 65_536, closeTimeoutMs: 1_000 },
      connection: new StreamConnection(
        {
          role: "gateway",
          crypto: provider,
          cipher: "aes-256-gcm",
          keepalive: NO_KEEPALIVE,
          handshakeTimeoutMs: 10_000,
          partialFrameTimeoutMs: 15_000,
          handshake: new StreamGatewayHandshake({ crypto: provider, decoyPsk: DECOY_PSK }),
        },
        0,
      ),
    },
    {
      onHello: () => driver.providePsk(PSK),
      onEstablished: () => {
        events.push("established");
        driver.attach({
          onMessage: (data) => void events.push(`message ${data.length}`),
          onPong: () => {},
          onRekeyed: () => {},
          onDrain: () => {},
          onSendBackpressure: () => {},
          onClosed: ({ code }) => void events.push(`closed ${code}`),
        });
      },
      onFailed: ({ code }) => void events.push(`failed ${code}`),
    },
  );
  const rig = { clock, link, driver, device, events };
  link.deliver(device.output());
  device.receive(link.take());
  events.splice(0);
  return rig;
}

describe("a gateway's driver", () => {
  it("writes SESSION_OK, then computes the keys, then tells of the session", () => {
    const { link, device, events } = challenged();
    link.deliver(device.output());
    expect(events).to.deep.equal([`write ${FrameType.SESSION_OK}`, "exchange", "established"]);
  });

  it("takes what a device sends on a link that delivers within the call", () => {
    const { link, device, events } = challenged((rig) => {
      rig.device.receive(rig.link.take());
      rig.device.connection.send(Uint8Array.of(1, 2), 0);
      rig.link.deliver(rig.device.output());
    });
    link.deliver(device.output());
    device.connection.send(Uint8Array.of(1, 2, 3), 0);
    link.deliver(device.output());
    expect(events).to.deep.equal([
      `write ${FrameType.SESSION_OK}`,
      "exchange",
      "established",
      "message 2",
      "message 3",
    ]);
  });

  it("has its session with the next frame if the link throws within the call", () => {
    const { link, device, events } = challenged(() => {
      throw new Error("a link of somebody's own");
    });
    expect(() => link.deliver(device.output())).to.throw("somebody's own");
    device.receive(link.take());
    device.connection.send(Uint8Array.of(1, 2), 0);
    link.deliver(device.output());
    expect(events.slice(1)).to.deep.equal(["exchange", "established", "message 2"]);
  });

  it("has no session where the link closes within the call, and leaves nothing", async () => {
    const { link, device, driver, events, clock } = challenged((rig) =>
      rig.link.close(new UsmpError("TRANSPORT", "ECONNRESET")),
    );
    link.deliver(device.output());
    await driver.finished;
    expect(events).to.deep.equal([`write ${FrameType.SESSION_OK}`, "failed TRANSPORT"]);
    expect(clock.pending).to.equal(0);
  });

  it("has no session where it is closed within the call, and leaves nothing", async () => {
    const { link, device, driver, events, clock } = challenged(
      (rig) => void rig.driver.close(new UsmpError("CLOSED", "by the spec")),
    );
    link.deliver(device.output());
    expect(events).to.deep.equal([`write ${FrameType.SESSION_OK}`, "failed CLOSED"]);
    expect(link.destroyed).to.equal(true);
    link.close();
    await driver.finished;
    expect(clock.pending).to.equal(0);
  });
});
