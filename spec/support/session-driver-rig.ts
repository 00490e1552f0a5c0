import type { KeepaliveOptions } from "../../lib/core/session/keepalive.js";
import { StreamDeviceHandshake } from "../../lib/core/handshake/stream-device.js";
import { StreamConnection } from "../../lib/core/stream/stream-connection.js";
import type { UsmpError } from "../../lib/errors.js";
import { SessionDriver } from "../../lib/session/driver.js";
import type { SessionHandlers } from "../../lib/session/driver-handlers.js";
import { DEFAULT_SESSION_SETTINGS } from "../../lib/session/options.js";
import { createSession, type OwnedSession, type SessionOwner, type UsmpSession } from "../../lib/session/session.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { crypto } from "./core-crypto.js";
import { DEVICE_ID, gatewayEnd, NO_KEEPALIVE, PSK, type End } from "./core-pair.js";
import { ScriptedLink } from "./session-link.js";

export interface DriverRigOptions {
  readonly maxUnsentBytes?: number;
  readonly closeTimeoutMs?: number;
  readonly keepalive?: Partial<KeepaliveOptions>;
  readonly handlers?: Partial<SessionHandlers>;
}

/** A device's driver on a scripted link and a simulated clock, and the gateway's core at the other end of it. */
export class DriverRig {
  readonly clock = new VirtualClock(1_000);
  readonly link = new ScriptedLink();
  readonly peer: End = gatewayEnd({ now: 1_000 });
  readonly driver: SessionDriver;
  /** What the handlers were told, in order. */
  readonly events: string[] = [];
  readonly messages: Uint8Array[] = [];
  readonly handlers: SessionHandlers;
  onEstablished: (deviceId: Uint8Array, sessionId: Uint8Array) => void;
  failure: UsmpError | null = null;
  ended: UsmpError | null = null;

  constructor(options: DriverRigOptions = {}) {
    const told = (event: string): void => void this.events.push(event);
    this.handlers = {
      onMessage: (data) => (this.messages.push(data), told(`message ${new TextDecoder().decode(data)}`)),
      onPong: (roundTripMs) => told(`pong ${roundTripMs}`),
      onRekeyed: (by) => told(`rekeyed ${by}`),
      onDrain: () => told("drain"),
      onSendBackpressure: (piled) => told(`sends ${piled ? "piled" : "gone"}`),
      onClosed: (error) => ((this.ended = error), told(`closed ${error.code}`)),
      ...options.handlers,
    };
    this.onEstablished = () => this.driver.attach(this.handlers);
    this.driver = new SessionDriver(
      {
        link: this.link,
        settings: {
          clock: this.clock,
          maxUnsentBytes: options.maxUnsentBytes ?? 65_536,
          closeTimeoutMs: options.closeTimeoutMs ?? 1_000,
        },
        connection: new StreamConnection(
          {
            role: "device",
            crypto,
            cipher: "aes-256-gcm",
            keepalive: { ...NO_KEEPALIVE, ...options.keepalive },
            handshakeTimeoutMs: 10_000,
            partialFrameTimeoutMs: 15_000,
            handshake: new StreamDeviceHandshake({ crypto, psk: Uint8Array.from(PSK), deviceId: DEVICE_ID }),
          },
          this.clock.now(),
        ),
      },
      {
        onHello: () => told("hello"),
        onEstablished: (deviceId, sessionId) => (told("established"), this.onEstablished(deviceId, sessionId)),
        onFailed: (error) => ((this.failure = error), told(`failed ${error.code}`)),
      },
    );
  }

  /** Carries what waits, both ways, until nothing does; the network takes everything. */
  exchange(): void {
    for (;;) {
      const out = this.link.take();
      this.link.flush();
      if (out.length > 0) this.peer.receive(out, this.clock.now());
      const back = this.peer.output();
      if (back.length > 0) this.link.deliver(back);
      if (out.length + back.length === 0) return;
    }
  }

  /** Runs the handshake. */
  establish(): this {
    this.exchange();
    this.events.splice(0);
    return this;
  }

  /** What the peer sends reaches the driver in one chunk. */
  peerSends(...texts: readonly string[]): void {
    for (const text of texts) this.peer.connection.send(new TextEncoder().encode(text), this.clock.now());
    this.link.deliver(this.peer.output());
  }

  /** What the peer has received since the start. */
  peerHas(): string[] {
    this.peer.receive(this.link.take(), this.clock.now());
    return this.peer.texts;
  }
}

export interface SessionRig {
  readonly rig: DriverRig;
  readonly session: UsmpSession;
  readonly owned: OwnedSession;
}

/** An established session on a scripted link. */
export function sessionRig(
  options: DriverRigOptions & { readonly maxUnreadMessages?: number; readonly owner?: SessionOwner } = {},
): SessionRig {
  const rig = new DriverRig(options);
  let owned: OwnedSession | undefined;
  const settings = {
    ...DEFAULT_SESSION_SETTINGS,
    clock: rig.clock,
    maxUnreadMessages: options.maxUnreadMessages ?? DEFAULT_SESSION_SETTINGS.maxUnreadMessages,
  };
  rig.onEstablished = (deviceId, sessionId) => {
    owned = createSession(rig.driver, { settings, deviceId, sessionId, owner: options.owner });
  };
  rig.establish();
  if (owned === undefined) throw new Error("the handshake did not end in a session");
  return { rig, session: owned.session, owned };
}
