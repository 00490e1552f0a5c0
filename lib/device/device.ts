import { abortSignalOf, pingTimeoutOf, type PingOptions } from "../session/options.js";
import { requireSignal } from "../core/arguments.js";
import { requireDialer } from "../transport/contained.js";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import { guardCrypto } from "../core/guarded-crypto.js";
import { loadCrypto } from "../crypto/index.js";
import { UsmpError } from "../errors.js";
import { Inbox } from "../session/inbox.js";
import type { PskLookup } from "../session/psk-source.js";
import type { RefusedSends } from "../session/refused-sends.js";
import type { DeviceWaiting } from "../session/stats.js";
import type { UsmpStatus } from "../session/status.js";
import type { OwnedSession, SessionOwner, UsmpSession } from "../session/session.js";
import type { Dialer } from "../transport/transport.js";
import { ReconnectLoop } from "./reconnect-loop.js";
import type { DeviceSettings } from "./dial.js";
import { resolveDeviceId, type DeviceIdOption } from "./identity.js";
import { OfflineQueue, type OfflineQueueOptions } from "./offline-queue.js";
import { Outgoing } from "./outgoing.js";
import { PrintBuffer } from "./print-buffer.js";
import type { BackoffOptions, ReconnectState } from "./reconnect-machine.js";

export interface DeviceOptions {
  readonly lookupPsk: PskLookup;
  readonly settings: DeviceSettings;
  readonly backoff: BackoffOptions;
  readonly deviceId: DeviceIdOption | undefined;
  /** Of the sends that no session refused. */
  readonly refusedSends: RefusedSends;
  /** Null: what is sent without a session is refused. */
  readonly offlineQueue: OfflineQueueOptions | null;
}

export interface DeviceHandlers {
  /** A life begins, with a good argument. */
  readonly onBegin?: () => void;
  /** A session is established; `again`: this life had one before. */
  readonly onConnect: (session: OwnedSession, again: boolean) => void;
  readonly onDisconnect: (reason: UsmpError, session: OwnedSession) => void;
  /** See {@link SessionOwner.holdsMessages}. */
  readonly holdsMessages?: () => boolean;
  /** Takes a message; false if nobody wants it now, and then it waits in the inbox. */
  readonly onMessage: (data: Uint8Array, session: UsmpSession) => boolean;
  /** A message came, whether or not anybody takes it. */
  readonly onArrival?: () => void;
  readonly onDrain: (session: UsmpSession) => void;
  /** Messages were lost here; `session`: on which, null if on none. */
  readonly onDropped: (reason: UsmpError, session: UsmpSession | null) => void;
  readonly onStatus: (status: UsmpStatus) => void;
  /** An attempt failed. */
  readonly onFailed: (error: UsmpError) => void;
  /** Something else failed, such as a callback on the session. */
  readonly onError: (error: UsmpError) => void;
}

/** A device in callback style: one identity, one inbox and one text output through all the sessions that it has. */
export class Device {
  /** Verified messages that nobody has taken yet; they outlive their session. */
  readonly inbox: Inbox<OwnedSession>;
  /** Messages on their way out. */
  readonly outgoing: Outgoing;
  /** Text on its way out. */
  readonly print: PrintBuffer;
  readonly #options: DeviceOptions;
  readonly #handlers: DeviceHandlers;
  readonly #queue: OfflineQueue | null;
  #life: ReconnectLoop | null = null;
  #deviceId: Uint8Array | null = null;
  /** The current session, or the last one. */
  #lastSession: OwnedSession | null = null;
  /** Where a `begin` leads to that still waits for the cryptography to load. */
  #starting: Dialer | null = null;
  /** Counts calls of `begin` and `close`, so that what began before one of them does not go on after it. */
  #turn = 0;
  /** Ends this life when it aborts. */
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.close();
  #keepsProcess = true;

  /** @throws UsmpError INVALID_ARG for a bad device id. */
  constructor(options: DeviceOptions, handlers: DeviceHandlers) {
    const { deviceId, settings } = options;
    if (deviceId !== undefined && deviceId !== "mac") this.#deviceId = parseDeviceId(deviceId);
    this.#options = options;
    this.#handlers = handlers;
    this.#queue = options.offlineQueue && new OfflineQueue(options.offlineQueue, settings.clock);
    this.outgoing = new Outgoing({
      queue: this.#queue,
      session: () => this.#life?.owned ?? null,
      isActive: () => !this.isIdle,
      onDropped: (reason) => handlers.onDropped(reason, null),
      refusedSends: options.refusedSends,
    });
    this.print = new PrintBuffer((message) => this.outgoing.send(message) === null);
    this.inbox = new Inbox({
      clock: settings.clock,
      maxMessages: settings.maxUnreadMessages,
      maxBytes: settings.maxUnreadBytes,
      onFirstDrop: (reason) => handlers.onDropped(reason, this.session),
      onArrival: handlers.onArrival,
    });
  }

  get state(): ReconnectState["name"] {
    if (this.#starting !== null) return "opening";
    return this.#life?.state.name ?? "idle";
  }

  get status(): UsmpStatus {
    return this.#life?.status ?? { state: "idle" };
  }

  /** What waits to be read, and to be sent. */
  get waiting(): DeviceWaiting {
    return {
      droppedMessages: this.inbox.dropped,
      unreadMessages: this.inbox.length,
      queuedMessages: this.#queue?.length ?? 0,
      queuedBytes: this.#queue?.bytes ?? 0,
    };
  }

  /** Whether nothing goes on: it never began, or was closed, or gave up. */
  get isIdle(): boolean {
    return this.state === "idle" || this.state === "closed";
  }

  /** The established session, or null. */
  get session(): UsmpSession | null {
    return this.#life?.session ?? null;
  }

  /** @throws UsmpError NOT_CONNECTED where there is none. */
  requireSession(): UsmpSession {
    if (this.session === null)
      throw new UsmpError("NOT_CONNECTED", "there is no session: call begin() first, or wait for onConnect");
    return this.session;
  }

  /** @throws UsmpError (as a rejection) INVALID_ARG, and NOT_CONNECTED without a session; else as the session's own. */
  async ping(options?: PingOptions): Promise<number> {
    const limits = { timeoutMs: pingTimeoutOf(options), signal: abortSignalOf(options) };
    return this.requireSession().ping(limits);
  }

  /** `"24:0a:c4:01:02:03"`; `""` before the first `begin` where it is a random one. */
  get deviceId(): string {
    return this.#deviceId === null ? "" : formatDeviceId(this.#deviceId);
  }

  /** Starts a new life, ending what goes on; it ends when `signal` aborts. Resolves with the first attempt's result; rejects where it cannot even start. */
  async begin(dialer: Dialer, signal?: AbortSignal, isNewLife = true): Promise<boolean> {
    requireDialer(dialer);
    requireSignal(signal);
    if (signal?.aborted === true) throw new UsmpError("CLOSED", "begin() was aborted", { cause: signal.reason });
    if (isNewLife) this.#handlers.onBegin?.();
    this.#watch(signal);
    const turn = ++this.#turn;
    this.inbox.unmute();
    const { settings, deviceId } = this.#options;
    if (this.#life === null) {
      this.#starting = dialer;
      try {
        const crypto = guardCrypto(settings.crypto ?? (await loadCrypto([settings.cipher])));
        if (turn !== this.#turn) return false;
        // A random one is for the first attempt to make: where that fails, another one follows.
        if (deviceId !== undefined) this.#deviceId ??= resolveDeviceId(deviceId, crypto);
        this.#life = this.#createLife(crypto);
      } finally {
        if (turn === this.#turn) this.#starting = null;
      }
    }
    return this.#life.begin(dialer);
  }

  /** Dials now; false where nothing goes on. */
  reconnect(): Promise<boolean> {
    if (this.#starting !== null) return this.begin(this.#starting, this.#signal, false);
    return this.#life?.reconnect() ?? Promise.resolve(false);
  }

  /** Ends this life. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.#watch(undefined);
    this.#turn++;
    this.#starting = null;
    this.print.flush();
    const closing = this.#life?.close(new UsmpError("CLOSED", "closed by close()"));
    // After that nothing is called: what waits can be read, or waits for the next session.
    this.inbox.mute();
    this.outgoing.giveUp(new UsmpError("CLOSED", "closed before it could be sent"));
    await closing;
  }

  /** Resolves when every message that the session has accepted has left, or it has ended. */
  async drain(): Promise<void> {
    await this.#life?.owned?.drain();
  }

  /** Resolves when attempts and sessions that are on their way out have left nothing. */
  async ended(): Promise<void> {
    await this.#life?.ended();
  }

  unref(): void {
    this.#keepsProcess = false;
    this.#life?.unref();
    this.#queue?.unref();
  }

  /** When `signal` aborts, that is a `close`; the signal of an earlier life is let go. */
  #watch(signal: AbortSignal | undefined): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort);
  }

  #createLife(crypto: CryptoProvider): ReconnectLoop {
    const deviceId = (): Uint8Array => (this.#deviceId ??= resolveDeviceId(this.#options.deviceId, crypto));
    const life = new ReconnectLoop(
      { ...this.#options, crypto, deviceId, owner: this.#createOwner(), random: Math.random },
      {
        onSession: (session, again) => this.#adopt(session, again),
        onLost: (reason) => {
          const session = this.#lastSession as OwnedSession;
          this.print.clear();
          // What a pause() of the session itself holds back is not lost with it.
          session.session.resume();
          this.#handlers.onDisconnect(reason, session);
          if (this.isIdle) this.outgoing.giveUp(reason);
        },
        onFailed: (error, final) => {
          this.#handlers.onFailed(error);
          if (final) this.outgoing.giveUp(error);
        },
        onState: (status) => {
          if (status.state === "closed") this.#watch(undefined);
          this.#handlers.onStatus(status);
        },
        onError: (error) => this.#handlers.onError(error),
      },
    );
    if (!this.#keepsProcess) life.unref();
    return life;
  }

  #createOwner(): SessionOwner {
    const { holdsMessages, onMessage, onDropped, onError } = this.#handlers;
    return {
      inbox: this.inbox,
      ...(holdsMessages && { holdsMessages }),
      onMessage,
      onDrain: (session) => {
        this.outgoing.flush();
        this.#handlers.onDrain(session);
      },
      onDropped,
      onError,
    };
  }

  #adopt(session: OwnedSession, again: boolean): void {
    this.#lastSession = session;
    this.outgoing.beginConnectCallbacks();
    this.#handlers.onConnect(session, again);
    // What has waited since a close().
    this.inbox.flush();
  }
}
