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
  /** The sends that were refused before they reached a session. */
  readonly refusedSends: RefusedSends;
  /** Null refuses messages that are sent without a session. */
  readonly offlineQueue: OfflineQueueOptions | null;
}

export interface DeviceHandlers {
  /** A life begins, with valid arguments. */
  readonly onBegin?: () => void;
  /** A session is established; `again`: this life had one before. */
  readonly onConnect: (session: OwnedSession, again: boolean) => void;
  readonly onDisconnect: (reason: UsmpError, session: OwnedSession) => void;
  /** See {@link SessionOwner.holdsMessages}. */
  readonly holdsMessages?: () => boolean;
  /** Takes a message; returns false if it does not take the message now, which then waits in the inbox. */
  readonly onMessage: (data: Uint8Array, session: UsmpSession) => boolean;
  /** A message came; runs before the message is delivered. */
  readonly onArrival?: () => void;
  readonly onDrain: (session: UsmpSession) => void;
  /** Messages were lost here; `session` is null if they belong to no session. */
  readonly onDropped: (reason: UsmpError, session: UsmpSession | null) => void;
  readonly onStatus: (status: UsmpStatus) => void;
  /** An attempt failed. */
  readonly onFailed: (error: UsmpError) => void;
  /** Something else failed, such as a callback on the session. */
  readonly onError: (error: UsmpError) => void;
}

/** A device in callback style: one identity, one inbox and one text output for all its sessions. */
export class Device {
  /** Verified messages that the application has not taken yet; they outlive their session. */
  readonly inbox: Inbox<OwnedSession>;
  /** The messages that the device sends. */
  readonly outgoing: Outgoing;
  /** The text that the device prints. */
  readonly print: PrintBuffer;
  readonly #options: DeviceOptions;
  readonly #handlers: DeviceHandlers;
  readonly #queue: OfflineQueue | null;
  #life: ReconnectLoop | null = null;
  #deviceId: Uint8Array | null = null;
  /** The current session, or the last one. */
  #lastSession: OwnedSession | null = null;
  /** The dialer of a `begin` that still waits for the cryptography to load. */
  #starting: Dialer | null = null;
  /** Counts calls of `begin` and `close`, so that a `begin` from before such a call stops after it. */
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

  /** The counts of what waits to be read and to be sent. */
  get waiting(): DeviceWaiting {
    return {
      droppedMessages: this.inbox.dropped,
      unreadMessages: this.inbox.length,
      queuedMessages: this.#queue?.length ?? 0,
      queuedBytes: this.#queue?.bytes ?? 0,
    };
  }

  /** Whether no life runs: the device never began, was closed, or gave up. */
  get isIdle(): boolean {
    return this.state === "idle" || this.state === "closed";
  }

  /** The established session, or null. */
  get session(): UsmpSession | null {
    return this.#life?.session ?? null;
  }

  /** @throws UsmpError NOT_CONNECTED if there is no session. */
  requireSession(): UsmpSession {
    if (this.session === null)
      throw new UsmpError("NOT_CONNECTED", "there is no session: call begin() first, or wait for onConnect");
    return this.session;
  }

  /** @throws UsmpError (as a rejection) INVALID_ARG; NOT_CONNECTED without a session; else as the session's `ping`. */
  async ping(options?: PingOptions): Promise<number> {
    const limits = { timeoutMs: pingTimeoutOf(options), signal: abortSignalOf(options) };
    return this.requireSession().ping(limits);
  }

  /** The device's id, such as `"24:0a:c4:01:02:03"`; `""` before the first `begin` if the id is random. */
  get deviceId(): string {
    return this.#deviceId === null ? "" : formatDeviceId(this.#deviceId);
  }

  /**
   * Starts a new life, and ends the one that runs. The new life ends when `signal` aborts. Resolves with the first
   * attempt's result; rejects if the attempt cannot even start.
   */
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
        // The first attempt makes a random id: if that fails, another attempt follows.
        if (deviceId !== undefined) this.#deviceId ??= resolveDeviceId(deviceId, crypto);
        this.#life = this.#createLife(crypto);
      } finally {
        if (turn === this.#turn) this.#starting = null;
      }
    }
    return this.#life.begin(dialer);
  }

  /** Dials now; resolves with false if no life runs. */
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
    // No callback runs after that: waiting messages can be read, or wait for the next session.
    this.inbox.mute();
    this.outgoing.giveUp(new UsmpError("CLOSED", "closed before it could be sent"));
    await closing;
  }

  /** Resolves when every message that the session has accepted has left, or the session has ended. */
  async drain(): Promise<void> {
    await this.#life?.owned?.drain();
  }

  /** Resolves when the attempts and sessions that are ending have left nothing behind. */
  async ended(): Promise<void> {
    await this.#life?.ended();
  }

  unref(): void {
    this.#keepsProcess = false;
    this.#life?.unref();
    this.#queue?.unref();
  }

  /** Closes the device when `signal` aborts, and stops listening to the signal of the life before. */
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
          // Messages that the session's own pause() withholds must not be lost with the session.
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
    // Delivers what has waited since a close().
    this.inbox.flush();
  }
}
