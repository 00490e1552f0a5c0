import { ownMembers } from "../core/own-members.js";
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import { guardCrypto } from "../core/guarded-crypto.js";
import { parsePsk, type Psk } from "../core/handshake/psk.js";
import { copySecret } from "../core/secret-bytes.js";
import { loadCrypto } from "../crypto/index.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { droppedFields, EventLog } from "../session/event-log.js";
import { Emitter, Subscribable, type EventNames } from "../session/emitter.js";
import { receiveOptions, type ReceiveOptions } from "../session/inbox.js";
import { toBytes, type Sendable } from "../session/message.js";
import {
  abortSignalOf,
  checkKnown,
  drainOf,
  pingTimeoutOf,
  requireOptions,
  withDefaults,
  type AbortOptions,
  type CloseOptions,
  type Given,
  type PingOptions,
} from "../session/options.js";
import { SessionTotals, type SessionStats } from "../session/stats.js";
import type { OwnedSession, UsmpSession } from "../session/session.js";
import { onAbort, signalOf } from "../transport/abort.js";
import { requireDialer } from "../transport/contained.js";
import { TcpTransport } from "../transport/tcp.js";
import type { Dialer } from "../transport/transport.js";
import { checkDeviceSettings, DEFAULT_DEVICE_SETTINGS, dialSession, type DeviceSettings, type Route } from "./dial.js";
import { resolveDeviceId, type DeviceIdOption } from "./identity.js";

export interface UsmpClientOptions extends Given<DeviceSettings> {
  /** The gateway's host name or address. Give this or a `transport`. */
  readonly host?: string | undefined;
  /** The gateway's port. Default 9000. */
  readonly port?: number | undefined;
  /** Replaces `host` and `port`. */
  readonly transport?: Dialer | undefined;
  /** The key, at least 16 bytes; a string stands for its UTF-8 bytes. Copied. */
  readonly psk: Psk;
  /**
   * The device's id. Default: a random id, kept for the life of the client. `"mac"` takes the machine's MAC address.
   */
  readonly deviceId?: DeviceIdOption | undefined;
}

export interface ConnectOptions {
  /** Aborting it cancels the attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** The events of a client, over all its sessions. */
export interface ClientEvents {
  /**
   * Something failed outside of any call of yours, such as a callback that threw. Without a listener, the process gets
   * a warning.
   */
  error: [error: UsmpError];
  /** A whole, verified message; `data` is the listener's to keep and to change. */
  message: [data: Uint8Array, length: number];
  /** There is room again after a `send` was refused with BUFFER_FULL. */
  drain: [];
  /** Messages were lost here: see {@link SessionEvents.dropped}. */
  dropped: [reason: UsmpError];
  /** The session ended; fires also after your own `disconnect()`. */
  disconnect: [reason: UsmpError];
}

const CLIENT_EVENTS: EventNames<ClientEvents> = {
  disconnect: true,
  drain: true,
  dropped: true,
  error: true,
  message: true,
};

/**
 * A device in promise style, like the Python SDK's client: one session at a time. It does not reconnect; the facade
 * `Usmp` does.
 *
 *     const client = new UsmpClient({ host: "192.168.1.100", psk });
 *     await client.connect();
 *     await client.sendAsync("hello");
 *     for await (const message of client) ...
 */
export class UsmpClient extends Subscribable<ClientEvents> implements AsyncDisposable {
  readonly #events: Emitter<ClientEvents>;
  readonly #psk: Uint8Array;
  readonly #dialer: Dialer;
  readonly #route: Route = { failed: undefined };
  readonly #settings: DeviceSettings;
  readonly #deviceIdOption: DeviceIdOption | undefined;
  #deviceId: Uint8Array | null = null;
  #owned: OwnedSession | null = null;
  #lastError: UsmpError | null = null;
  readonly #totals = new SessionTotals();
  readonly #log: EventLog;
  #connecting: { readonly attempt: AbortController; readonly done: Promise<unknown> } | null = null;

  /**
   * @throws UsmpError INVALID_ARG for a bad key or option. The message names what was given (never the key) and what is
   * allowed.
   */
  constructor(options: UsmpClientOptions) {
    const events: Emitter<ClientEvents> = new Emitter(CLIENT_EVENTS, {
      onListener: (event) => event === "message" && this.#owned?.listen(),
    });
    super(events);
    this.#events = events;
    requireOptions(options, "an object with host and psk");
    const { host, port, transport, psk, deviceId, ...settings } = ownMembers(options);
    this.#psk = parsePsk(psk);
    checkKnown(settings, DEFAULT_DEVICE_SETTINGS, { host, port, transport, psk, deviceId });
    this.#settings = withDefaults<DeviceSettings>(DEFAULT_DEVICE_SETTINGS, settings);
    checkDeviceSettings(this.#settings);
    this.#log = new EventLog(this.#settings.logger, this.#settings.clock, undefined, this.#settings.metrics);
    if (deviceId !== undefined && deviceId !== "mac") this.#deviceId = parseDeviceId(deviceId);
    this.#deviceIdOption = deviceId;
    if (transport === undefined && host === undefined)
      throw new UsmpError("INVALID_ARG", "neither host nor transport is given");
    if (transport !== undefined) requireDialer(transport);
    this.#dialer = transport ?? new TcpTransport(host as string, port);
  }

  /**
   * This device's id, such as `"24:0a:c4:01:02:03"`; null before the first `connect` if the id is random or `"mac"`.
   */
  get deviceId(): string | null {
    return this.#deviceId === null ? null : formatDeviceId(this.#deviceId);
  }

  /** The session's id, 32 hex digits; null without one. */
  get sessionId(): string | null {
    return this.isConnected ? (this.session?.sessionId ?? null) : null;
  }

  get isConnected(): boolean {
    return this.session?.isConnected === true;
  }

  /** Why the last attempt to connect failed, or why the last refused `send` returned false; null if nothing failed. */
  get lastError(): UsmpError | null {
    return this.#lastError;
  }

  /** The current session, or the last one; null before the first. */
  get session(): UsmpSession | null {
    return this.#owned?.session ?? null;
  }

  /**
   * Connects and runs the handshake. Rejects with TRANSPORT, TIMEOUT, AUTH, FRAME, VERSION, HANDSHAKE, CRYPTO, CLOSED
   * (aborted, or disconnected meanwhile) or INVALID_ARG (already connected or connecting); nothing is left behind then.
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    const signal = signalOf(ownMembers(options));
    if (this.isConnected || this.#connecting !== null) {
      throw new UsmpError("INVALID_ARG", "this client is connected, or connecting, already: call close() first");
    }
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(signal?.reason);
    onAbort(signal, abort);
    const done = this.#dial(attempt).catch((cause: unknown) => {
      // A transport of the user's own may reject with anything.
      throw (this.#lastError = toUsmpError(cause));
    });
    this.#connecting = { attempt, done: done.catch(() => {}) };
    try {
      await done;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#connected(attempt);
    }
  }

  /** See {@link UsmpSession.send}. Without a session it returns false, with NOT_CONNECTED. */
  send(data: Sendable): boolean {
    const message = toBytes(data);
    const sent = this.session?.send(message) ?? false;
    if (!sent) this.#lastError = this.session?.lastError ?? noSession();
    return sent;
  }

  /** See {@link UsmpSession.sendAsync}. Without a session it rejects with NOT_CONNECTED. */
  async sendAsync(data: Sendable, options?: AbortOptions): Promise<void> {
    const message = toBytes(data);
    const signal = abortSignalOf(options);
    await this.#need().sendAsync(message, { signal });
  }

  /** See {@link UsmpSession.recv}. */
  async recv(options?: ReceiveOptions): Promise<Uint8Array> {
    const checked = receiveOptions(options);
    return this.#need().recv(checked);
  }

  /** See {@link UsmpSession.ping}. */
  async ping(options?: PingOptions): Promise<number> {
    const limits = { timeoutMs: pingTimeoutOf(options), signal: abortSignalOf(options) };
    return this.#need().ping(limits);
  }

  /** See {@link UsmpSession.rekey}. */
  async rekey(options?: AbortOptions): Promise<void> {
    const signal = abortSignalOf(options);
    await this.#need().rekey({ signal });
  }

  /** The counts so far, over all sessions of this client. */
  stats(): SessionStats {
    const { sessions: _sessions, reconnects: _reconnects, ...stats } = this.#totals.stats();
    return stats;
  }

  /**
   * Ends the session with BYE, and cancels an attempt that is under way. With `drain`, it first waits until every
   * message that was accepted has left. Resolves when nothing is left. `connect()` works again afterwards.
   */
  async close(options?: CloseOptions): Promise<void> {
    const drain = drainOf(options);
    this.#connecting?.attempt.abort();
    await this.#connecting?.done;
    await this.session?.close({ drain });
  }

  /** The Python SDK's name for {@link close}. */
  disconnect(): Promise<void> {
    return this.close();
  }

  /** The Python session's name for {@link close}. */
  bye(): Promise<void> {
    return this.close();
  }

  /** Yields the session's messages until it ends; never throws in between. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#need()[Symbol.asyncIterator]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Sets the one callback for messages, replacing the last; null clears it. */
  onMessage(callback: ((data: Uint8Array, length: number) => unknown) | null): void {
    this.#events.setCallback("message", callback);
  }

  async #dial(attempt: AbortController): Promise<void> {
    const crypto = guardCrypto(this.#settings.crypto ?? (await loadCrypto([this.#settings.cipher])));
    this.#deviceId ??= resolveDeviceId(this.#deviceIdOption, crypto);
    await dialSession({
      dialer: this.#dialer,
      route: this.#route,
      crypto,
      psk: copySecret(this.#psk),
      deviceId: this.#deviceId,
      settings: this.#settings,
      signal: attempt.signal,
      owner: {
        onMessage: (data) => {
          // If the client has no listener now, the session keeps the message for `recv`.
          if (!this.#events.has("message")) return false;
          this.#events.emit("message", data, data.length);
          return true;
        },
        onDrain: () => this.#events.emit("drain"),
        onDropped: (reason, session) => {
          this.#log.log("warn", "message.dropped", () => droppedFields(reason, session));
          this.#events.emit("dropped", reason);
        },
        onClosed: (reason, session) => {
          this.#totals.end(session);
          this.#events.emit("disconnect", reason);
        },
        onError: (error) => this.#events.report(error),
      },
      onSession: (session) => {
        this.#owned = session;
        this.#totals.add(session.session, false);
        // A listener for the session's end may connect again within that very call.
        this.#connected(attempt);
        if (this.#events.has("message")) session.listen();
      },
    });
  }

  /** Clears `attempt`, which is over; a later one may be under way. */
  #connected(attempt: AbortController): void {
    if (this.#connecting?.attempt === attempt) this.#connecting = null;
  }

  #need(): UsmpSession {
    if (this.session === null) throw noSession();
    return this.session;
  }
}

function noSession(): UsmpError {
  return new UsmpError("NOT_CONNECTED", "there is no session: call connect() first");
}
