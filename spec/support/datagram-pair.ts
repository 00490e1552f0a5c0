/** Two ends of a connection over datagrams without a network between them: what one puts out waits until the spec delivers it. */
import { DatagramConnection } from "../../lib/core/datagram/datagram-connection.js";
import { DatagramDeviceHandshake } from "../../lib/core/handshake/datagram-device.js";
import { DatagramGatewayHandshake } from "../../lib/core/handshake/datagram-gateway.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "../../lib/core/handshake/datagram-step.js";
import type { CipherNegotiation } from "../../lib/core/session/cipher-negotiation.js";
import type { CipherName, CryptoProvider } from "../../lib/core/crypto-provider.js";
import type { ConnectionEvent } from "../../lib/core/events.js";
import type { KeepaliveOptions } from "../../lib/core/session/keepalive.js";
import type { Role } from "../../lib/core/session/rekey-kdf.js";
import type { RotationOptions } from "../../lib/core/session/rekey-policy.js";
import { bareUtack, isUtack, sealedUtack } from "../../lib/core/wire/utack.js";
import { FrameType, frameTypeName } from "../../lib/core/wire/wire.js";
import { readUint32 } from "../../lib/core/wire/bytes.js";
import { crypto } from "./core-crypto.js";
import { plainFrame, type Sealer } from "./core-frames.js";
import { DECOY_PSK, DEVICE_ID, NO_KEEPALIVE, PSK, agreedKeys } from "./core-pair.js";

export interface DatagramEndOptions {
  readonly crypto?: CryptoProvider;
  readonly cipher?: CipherName | CipherNegotiation;
  readonly rotation?: RotationOptions;
  readonly keepalive?: Partial<KeepaliveOptions>;
  readonly handshakeTimeoutMs?: number;
  readonly now?: number;
}

/** One end, its time, and what came out of it. */
export class DatagramEnd {
  readonly connection: DatagramConnection;
  readonly role: Role;
  now: number;
  readonly #events: ConnectionEvent[] = [];
  readonly #answer: Uint8Array | null | undefined;
  #outbox: Uint8Array[] = [];

  constructor(role: Role, handshake: DatagramHandshake, options: DatagramEndOptions = {}, answer?: Uint8Array | null) {
    this.role = role;
    this.now = options.now ?? 0;
    this.#answer = answer;
    this.connection = new DatagramConnection(
      {
        role,
        handshake,
        crypto: options.crypto ?? crypto,
        cipher: options.cipher ?? "aes-256-gcm",
        keepalive: { ...NO_KEEPALIVE, ...options.keepalive },
        ...(options.rotation && { rotation: options.rotation }),
        handshakeTimeoutMs: options.handshakeTimeoutMs ?? 15_000,
      },
      this.now,
    );
  }

  receive(...datagrams: readonly Uint8Array[]): this {
    for (const datagram of datagrams) {
      const seen = this.events.length;
      this.connection.receive(datagram, this.now);
      const asked = this.events.slice(seen).some(({ type }) => type === "hello");
      if (asked && this.#answer !== undefined) this.connection.providePsk(this.#answer, this.now);
    }
    return this;
  }

  send(message: Uint8Array): void {
    this.connection.send(message, this.now);
  }

  /** Takes what waits to be sent, one array per datagram. */
  output(): Uint8Array[] {
    const output = [...this.#outbox, ...this.connection.takeOutput()];
    this.connection.prepare();
    this.#outbox = [];
    return output;
  }

  /** Moves time to the next deadline and does what is due. A deadline that has passed and changes nothing would be a busy loop. */
  nextDeadline(): this {
    const due = this.connection.nextDeadline();
    if (due === Infinity) throw new Error("nothing is ever due");
    this.now = Math.max(this.now, due);
    this.connection.handleDeadline(this.now);
    this.#outbox.push(...this.connection.takeOutput());
    const quiet = this.#outbox.length === 0 && this.closed === undefined;
    if (quiet && this.connection.nextDeadline() <= this.now) throw new Error("a deadline that does nothing");
    return this;
  }

  /** Lets time pass, doing what falls due on the way. */
  pass(ms: number): this {
    const until = this.now + ms;
    while (this.connection.nextDeadline() <= until) this.nextDeadline();
    this.now = until;
    return this;
  }

  get events(): readonly ConnectionEvent[] {
    this.#events.push(...this.connection.takeEvents());
    return this.#events;
  }

  get texts(): string[] {
    return this.events.flatMap((event) => (event.type === "message" ? [new TextDecoder().decode(event.data)] : []));
  }

  get rekeyed(): string[] {
    return this.events.flatMap((event) => (event.type === "rekeyed" ? [event.by] : []));
  }

  /** The code with which this end closed, or undefined while it lives. Closing is said once, and last. */
  get closed(): string | undefined {
    const { events } = this;
    const at = events.findIndex(({ type }) => type === "closed");
    if (at >= 0 && at !== events.length - 1) throw new Error("something came after closed");
    const last = events.at(-1);
    return last?.type === "closed" ? last.error.code : undefined;
  }

  get established(): boolean {
    return this.events.some(({ type }) => type === "established");
  }
}

export function datagramDevice(options: DatagramEndOptions & { readonly psk?: Uint8Array } = {}): DatagramEnd {
  const { psk = PSK, crypto: provider = crypto } = options;
  return new DatagramEnd(
    "device",
    new DatagramDeviceHandshake({ crypto: provider, psk, deviceId: DEVICE_ID }),
    options,
  );
}

/** `psk`: null for a device that is not known, undefined where the lookup does not settle. */
export function datagramGateway(
  options: DatagramEndOptions & { readonly psk?: Uint8Array | null | undefined } = {},
): DatagramEnd {
  const psk = "psk" in options ? options.psk : PSK;
  return new DatagramEnd(
    "gateway",
    new DatagramGatewayHandshake({ crypto: options.crypto ?? crypto, decoyPsk: DECOY_PSK }),
    options,
    psk,
  );
}

/** Takes any one frame for the whole handshake and agrees on the keys of the rig. */
class AgreedHandshake implements DatagramHandshake {
  start = (): null => null;
  receive = (): DatagramHandshakeStep => ({ type: "done", send: null, result: agreedKeys() });
  providePsk = (): null => null;
  timedOut = (): never => {
    throw new Error("this handshake is over at once");
  };
  wipe = (): void => {};
}

/** An end in a session under the rig's keys, {@link C2S} and {@link S2C}, that has sent nothing yet. */
export function establishedDatagramEnd(role: Role, options: DatagramEndOptions = {}): DatagramEnd {
  const end = new DatagramEnd(role, new AgreedHandshake(), options);
  end.receive(plainFrame(FrameType.HELLO));
  end.output();
  return end;
}

/** The UTACK that a peer with this key gives for a frame. */
export function utackFor(frame: Uint8Array, { key }: Sealer): Uint8Array {
  return sealedUtack(crypto, key, frame[3]!, readUint32(frame, 4));
}

export function bareUtackFor(frame: Uint8Array): Uint8Array {
  return bareUtack(frame[3]!, readUint32(frame, 4));
}

/** What a datagram is, for asserting on: `"DATA 3"`, `"UTACK DATA 3"`. */
export function nameOf(datagram: Uint8Array): string {
  return isUtack(datagram)
    ? `UTACK ${frameTypeName(datagram[2]!)} ${readUint32(datagram, 3)}`
    : `${frameTypeName(datagram[3]!)} ${readUint32(datagram, 4)}`;
}

export function namesOf(datagrams: readonly Uint8Array[]): string[] {
  return datagrams.map(nameOf);
}

/** Carries everything both ways until nothing moves; `lost` says of each datagram whether it does not arrive. */
export function exchange(
  a: DatagramEnd,
  b: DatagramEnd,
  lost: (datagram: Uint8Array, from: DatagramEnd) => boolean = () => false,
): void {
  for (;;) {
    const [fromA, fromB] = [a.output(), b.output()];
    if (fromA.length + fromB.length === 0) return;
    for (const datagram of fromA) if (!lost(datagram, a)) b.receive(datagram);
    for (const datagram of fromB) if (!lost(datagram, b)) a.receive(datagram);
  }
}

/** As `exchange`, and where nothing moves any more lets time pass for both, `ms` in all. */
export function exchangeFor(
  ms: number,
  a: DatagramEnd,
  b: DatagramEnd,
  lost?: (datagram: Uint8Array, from: DatagramEnd) => boolean,
): void {
  const until = a.now + ms;
  for (;;) {
    exchange(a, b, lost);
    const due = Math.min(a.connection.nextDeadline(), b.connection.nextDeadline());
    if (due > until) break;
    for (const end of [a, b]) {
      end.now = due;
      end.connection.handleDeadline(due);
    }
  }
  a.now = b.now = until;
}

/** A device and a gateway in a session, after a real handshake. */
export function datagramPair(options: DatagramEndOptions = {}): { device: DatagramEnd; gateway: DatagramEnd } {
  const gateway = datagramGateway(options);
  const device = datagramDevice(options);
  exchange(device, gateway);
  return { device, gateway };
}
