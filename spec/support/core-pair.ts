/** Two ends of a connection without a network between them: what one puts out waits until the spec delivers it. */
import type { CipherNegotiation } from "../../lib/core/session/cipher-negotiation.js";
import type { CipherName, CryptoProvider } from "../../lib/core/crypto-provider.js";
import { StreamDeviceHandshake } from "../../lib/core/handshake/stream-device.js";
import type { ConnectionEvent } from "../../lib/core/events.js";
import { StreamGatewayHandshake } from "../../lib/core/handshake/stream-gateway.js";
import { payloadLength } from "../../lib/core/wire/frame.js";
import type { Handshake } from "../../lib/core/handshake/handshake.js";
import { concat } from "../../lib/core/wire/bytes.js";
import type { HandshakeResult } from "../../lib/core/handshake/key-derivation.js";
import type { KeepaliveOptions } from "../../lib/core/session/keepalive.js";
import type { Role } from "../../lib/core/session/rekey-kdf.js";
import type { RotationOptions } from "../../lib/core/session/rekey-policy.js";
import { StreamConnection } from "../../lib/core/stream/stream-connection.js";
import { FrameType, HEADER_LENGTH } from "../../lib/core/wire/wire.js";
import { counted, filled, NOTHING } from "./core-bytes.js";
import { crypto } from "./core-crypto.js";
import { plainFrame, sealedFrame, splitFrames, type Sealer } from "./core-frames.js";

export const DEVICE_ID = counted(6, 0xa0);
export const PSK = counted(16, 0x30);
/** What stands in for keys that a device does not have. */
export const DECOY_PSK = counted(32, 0xd0);
export const NO_KEEPALIVE: KeepaliveOptions = {
  pingAfterTxIdleMs: 0,
  pingAfterRxIdleMs: 0,
  pongTimeoutMs: 0,
  idleTimeoutMs: 0,
};

export interface EndOptions {
  readonly crypto?: CryptoProvider;
  readonly cipher?: CipherName | CipherNegotiation;
  readonly rotation?: RotationOptions;
  readonly keepalive?: Partial<KeepaliveOptions>;
  readonly handshakeTimeoutMs?: number;
  readonly partialFrameTimeoutMs?: number;
  readonly now?: number;
}

/** One end, and what came out of it. */
export class End {
  readonly connection: StreamConnection;
  readonly role: Role;
  readonly #events: ConnectionEvent[] = [];
  readonly #answer: Uint8Array | null | undefined;

  /** `answer` is what the end's owner says when it is asked for a key; undefined where the spec says it itself. */
  constructor(role: Role, handshake: Handshake, options: EndOptions = {}, answer?: Uint8Array | null) {
    this.role = role;
    this.#answer = answer;
    this.connection = new StreamConnection(
      {
        role,
        handshake,
        crypto: options.crypto ?? crypto,
        cipher: options.cipher ?? "aes-256-gcm",
        keepalive: { ...NO_KEEPALIVE, ...options.keepalive },
        ...(options.rotation && { rotation: options.rotation }),
        handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
        partialFrameTimeoutMs: options.partialFrameTimeoutMs ?? 15_000,
      },
      options.now ?? 0,
    );
  }

  /** Takes bytes. A gateway then has its session at once, as if its driver had written SESSION_OK. */
  receive(bytes: Uint8Array, now = 0): void {
    this.connection.receive(bytes, now);
    if (this.role === "gateway") this.connection.prepare(now);
    if (this.#answer === undefined) return;
    const seen = this.#events.length;
    if (this.events.slice(seen).some(({ type }) => type === "hello")) this.connection.providePsk(this.#answer);
  }

  /** Takes what waits to be sent, one array per frame. */
  frames(): Uint8Array[] {
    return splitFrames(this.output());
  }

  /** Takes what waits to be sent. */
  output(): Uint8Array {
    return joined(this.connection.takeOutput());
  }

  /** All events so far. */
  get events(): readonly ConnectionEvent[] {
    this.#events.push(...this.connection.takeEvents());
    return this.#events;
  }

  /** All messages so far. */
  get messages(): Uint8Array[] {
    return this.events.flatMap((event) => (event.type === "message" ? [event.data] : []));
  }

  /** All messages so far, as text. */
  get texts(): string[] {
    return this.messages.map((message) => new TextDecoder().decode(message));
  }

  /** The code with which this end closed, or undefined while it lives. Closing is said once, and last. */
  get closed(): string | undefined {
    const { events } = this;
    const at = events.findIndex((event) => event.type === "closed");
    if (at >= 0 && at !== events.length - 1) throw new Error("something came after closed");
    const last = events.at(-1);
    return last?.type === "closed" ? last.error.code : undefined;
  }

  get established(): boolean {
    return this.events.some((event) => event.type === "established");
  }
}

export function deviceEnd(
  options: EndOptions & { readonly psk?: Uint8Array; readonly deviceId?: Uint8Array } = {},
): End {
  const { psk = PSK, deviceId = DEVICE_ID, crypto: provider = crypto } = options;
  return new End("device", new StreamDeviceHandshake({ crypto: provider, psk, deviceId }), options);
}

/** `psk`: null for a device that is not known. */
export function gatewayEnd(options: EndOptions & { readonly psk?: Uint8Array | null } = {}): End {
  const { psk = PSK, crypto: provider = crypto } = options;
  return new End("gateway", new StreamGatewayHandshake({ crypto: provider, decoyPsk: DECOY_PSK }), options, psk);
}

/** A gateway whose lookup has not settled yet. */
export function undecidedGatewayEnd(options: EndOptions = {}): End {
  return new End(
    "gateway",
    new StreamGatewayHandshake({ crypto: options.crypto ?? crypto, decoyPsk: DECOY_PSK }),
    options,
  );
}

/** The keys of a session that had no handshake, so that a spec can seal whatever it likes. */
export const SESSION_ID = counted(16, 0x40);
export const C2S: Sealer = { key: filled(32, 0xc5), sessionId: SESSION_ID };
export const S2C: Sealer = { key: filled(32, 0x5c), sessionId: SESSION_ID };

export function agreedKeys(): HandshakeResult {
  return {
    deviceId: DEVICE_ID,
    sessionId: SESSION_ID,
    keys: { c2s: Uint8Array.from(C2S.key), s2c: Uint8Array.from(S2C.key) },
  };
}

/** Takes any one frame for the whole handshake and agrees on the keys above. */
class AgreedHandshake implements Handshake {
  start = (): null => null;
  receive = (): ReturnType<Handshake["receive"]> => ({ type: "done", frame: null });
  providePsk = (): null => null;
  conclude = agreedKeys;
  endedEarly = (): never => unexpected();
  timedOut = (): never => unexpected();
  wipe = (): void => {};
}

function unexpected(): never {
  throw new Error("this handshake is over at once");
}

/** An end in an established session under {@link C2S} and {@link S2C}. */
export function establishedEnd(role: Role, options: EndOptions = {}): End {
  const end = new End(role, new AgreedHandshake(), options);
  end.receive(plainFrame(FrameType.HELLO), options.now ?? 0);
  return end;
}

/** What a device that knows the keys would send. */
export function fromDevice(type: number, seq: number, plaintext: Uint8Array = NOTHING): Uint8Array {
  return sealedFrame(C2S, type, seq, plaintext);
}

/** What a gateway that knows the keys would send. */
export function fromGateway(type: number, seq: number, plaintext: Uint8Array = NOTHING): Uint8Array {
  return sealedFrame(S2C, type, seq, plaintext);
}

/** Both ends, and the bytes on their way. */
export class Pair {
  readonly device: End;
  readonly gateway: End;
  now: number;
  #toDevice: Uint8Array = NOTHING;
  #toGateway: Uint8Array = NOTHING;

  constructor(device: End, gateway: End, now = 0) {
    this.device = device;
    this.gateway = gateway;
    this.now = now;
  }

  other(end: End): End {
    return end === this.device ? this.gateway : this.device;
  }

  /** Bytes on their way to `end`, without those that its peer has not put out yet. */
  inFlight(end: End): Uint8Array {
    this.#collect();
    return end === this.device ? this.#toDevice : this.#toGateway;
  }

  /** Delivers the first `count` frames that are on their way to `end`, in one chunk. */
  deliverFrames(end: End, count: number): void {
    const bytes = this.inFlight(end);
    let length = 0;
    for (let frame = 0; frame < count; frame++) length += HEADER_LENGTH + payloadLength(bytes, length);
    this.deliver(end, length);
  }

  /** Delivers the first `length` bytes that are on their way to `end`. */
  deliver(end: End, length = Infinity): void {
    const bytes = this.inFlight(end);
    const rest = bytes.subarray(Math.min(length, bytes.length));
    if (end === this.device) this.#toDevice = rest;
    else this.#toGateway = rest;
    if (bytes.length > rest.length) end.receive(bytes.subarray(0, bytes.length - rest.length), this.now);
  }

  /** Delivers everything, both ways, until nothing is on its way. */
  settle(): void {
    while (this.inFlight(this.gateway).length + this.inFlight(this.device).length > 0) {
      this.deliver(this.gateway);
      this.deliver(this.device);
    }
  }

  #collect(): void {
    if (this.device.connection.outputLength > 0) this.#toGateway = concat(this.#toGateway, this.device.output());
    if (this.gateway.connection.outputLength > 0) this.#toDevice = concat(this.#toDevice, this.gateway.output());
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : concat(...pieces);
}

/** Two ends in a session, after a real handshake. */
export function handshakenPair(options: EndOptions = {}): Pair {
  const pair = new Pair(deviceEnd(options), gatewayEnd(options), options.now);
  pair.settle();
  return pair;
}

/** Two ends in a session under {@link C2S} and {@link S2C}, without a handshake: cheap. */
export function agreedPair(options: EndOptions = {}): Pair {
  return new Pair(establishedEnd("device", options), establishedEnd("gateway", options), options.now);
}
