import { requireFunctions } from "../core/arguments.js";
import { hexOf } from "../core/wire/bytes.js";
import type { Clock, Timer } from "../core/clock.js";
import { formatDeviceId } from "../core/wire/device-id.js";
import { isUsmpError, orderlyEnd, UsmpError } from "../errors.js";
import type { SessionDriver } from "./driver.js";
import { Emitter, Subscribable, type EventNames } from "./emitter.js";
import { LeavableIterator } from "./leavable-iterator.js";
import { Inbox, waitAborted, type ReceiveOptions, type Receiver } from "./inbox.js";
import { toBytes, toUserMessage, type Sendable } from "./message.js";
import {
  abortSignalOf,
  checkNumber,
  drainOf,
  pingTimeoutOf,
  type AbortOptions,
  type CloseOptions,
  type PingOptions,
  type SessionSettings,
} from "./options.js";
import { sendAborted } from "./pending-sends.js";
import { RefusedSends } from "./refused-sends.js";
import type { RunningHandlers } from "./running-handlers.js";
import type { SessionStats } from "./stats.js";

/** The events of a session. */
export interface SessionEvents {
  /** Something failed outside of any call of yours, such as a callback that threw. */
  error: [error: UsmpError];
  /** A whole, verified message; `data` is the listener's to keep and to change. */
  message: [data: Uint8Array, length: number];
  /** There is room again after a `send` was refused with BUFFER_FULL. */
  drain: [];
  /** The session has ended; fires once. */
  close: [reason: UsmpError];
  /** This end sends under new keys; either end may have asked for them. */
  rekey: [by: "self" | "peer"];
  /**
   * Messages were lost here. If a live session refuses a `send`, fires for the first of a run, within the call. If
   * messages come before the application has asked for any, fires once, with BUFFER_FULL. `stats()` counts them all.
   */
  dropped: [reason: UsmpError];
}

const SESSION_EVENTS: EventNames<SessionEvents> = {
  close: true,
  drain: true,
  dropped: true,
  error: true,
  message: true,
  rekey: true,
};

interface Waiting<Value> {
  resolve(value: Value): void;
  reject(error: UsmpError): void;
}

/**
 * The device or gateway that a session belongs to: what it lends the session, and the callbacks that run before the
 * session's own listeners.
 */
export interface SessionOwner {
  /** The inbox in which the session's messages wait. Default: one of its own. */
  readonly inbox?: Inbox<OwnedSession>;
  /** Counts callbacks that returned a promise until it settles. */
  readonly running?: RunningHandlers;
  /**
   * Whether reading stops while sends pile up, so that a peer that sends and never reads does not fill the memory with
   * answers. Set it on one end only: otherwise both ends can deadlock, each waiting for the other to read.
   */
  readonly waitsForSends?: boolean;
  /** Whether messages wait until the owner flushes the inbox, also those for the session's own listeners. */
  readonly holdsMessages?: () => boolean;
  /** Gets each message after the session's own listeners; returns false if it does not take the message now. */
  readonly onMessage?: (data: Uint8Array, session: UsmpSession) => boolean;
  readonly onDrain?: (session: UsmpSession) => void;
  readonly onDropped?: (reason: UsmpError, session: UsmpSession) => void;
  readonly onClosed?: (reason: UsmpError, session: UsmpSession) => void;
  /** Gets the session's errors if "error" has no listener there. Default: the process gets a warning. */
  readonly onError?: (error: UsmpError, session: UsmpSession) => void;
}

/** A session as its owner sees it, with functions that users do not have. */
export interface OwnedSession extends Receiver {
  readonly session: UsmpSession;
  /** Marks interest in its messages: a full inbox stops the reading, and waiting messages are delivered soon. */
  listen(): void;
  /** As `send`, for a message that is not lost if it is refused: counts and reports nothing. */
  offer(message: Uint8Array): boolean;
  /** Ends the session without BYE. */
  abandon(reason: UsmpError): void;
  /** Resolves when every message that was accepted so far has left, or the session has ended. */
  drain(): Promise<void>;
}

interface SessionParts {
  readonly settings: SessionSettings;
  /** 6 bytes. */
  readonly deviceId: Uint8Array;
  /** 16 bytes. */
  readonly sessionId: Uint8Array;
  readonly owner?: SessionOwner | undefined;
}

/** Creates the session of a driver whose handshake is done. */
export let createSession: (driver: SessionDriver, parts: SessionParts) => OwnedSession;

/**
 * One established, encrypted session, the same on a device and on a gateway.
 *
 * Each message is delivered once: to a waiting `recv()` or iterator, else to the `message` callback and listeners, else
 * into a bounded queue for `available()` and `read()`.
 */
export class UsmpSession extends Subscribable<SessionEvents> implements AsyncDisposable {
  /** The device's id, such as `"24:0a:c4:01:02:03"`: the peer's on a gateway, your own on a device. */
  readonly deviceId: string;
  /** 32 hex digits, new for every session. */
  readonly sessionId: string;
  /** Resolves with the reason when the session has ended; never rejects. */
  readonly closed: Promise<UsmpError>;

  readonly #driver: SessionDriver;
  readonly #clock: Clock;
  readonly #owner: SessionOwner;
  readonly #owned: OwnedSession;
  readonly #events: Emitter<SessionEvents>;
  readonly #inbox: Inbox<OwnedSession>;
  readonly #refusedSends: RefusedSends;
  #reason: UsmpError | null = null;
  #lastError: UsmpError | null = null;
  #pings: Waiting<number>[] = [];
  #rekeys: Waiting<void>[] = [];
  #paused = false;
  #sendsPiled = false;

  static {
    createSession = (driver, parts) => new UsmpSession(driver, parts).#owned;
  }

  /** {@link UsmpClient}, {@link UsmpServer} and the facade create sessions. */
  private constructor(driver: SessionDriver, { settings, deviceId, sessionId, owner = {} }: SessionParts = NO_PARTS) {
    const { onError } = owner;
    const events: Emitter<SessionEvents> = new Emitter(SESSION_EVENTS, {
      running: owner.running,
      onListener: (event) => event === "message" && this.#inbox.listen(),
      onUnheard: onError && ((error) => onError(error, this)),
    });
    super(events);
    // The types reserve this constructor for the library, but a program in JavaScript can call it.
    const advice = "no arguments, and do not call this: begin(), connect() and listen() make sessions";
    requireFunctions("driver", driver, ["attach"], advice);
    this.deviceId = formatDeviceId(deviceId);
    this.sessionId = hexOf(sessionId);
    this.#driver = driver;
    this.#clock = settings.clock;
    this.#owner = owner;
    this.#events = events;
    this.#inbox = owner.inbox ?? this.#createInbox(settings);
    this.#inbox.attach(() => this.#setReading());
    this.#owned = this.#createOwned();
    this.#refusedSends = new RefusedSends((reason) => {
      // "close" has already reported the end.
      if (this.#reason === null) this.#drop(reason);
    });
    let resolveClosed: (reason: UsmpError) => void;
    this.closed = new Promise((resolve) => (resolveClosed = resolve));
    driver.attach({
      onMessage: (data) => this.#inbox.put(toUserMessage(data), this.#owned),
      onPong: (roundTripMs) => settleAll(this.#pings, (ping) => ping.resolve(roundTripMs)),
      onRekeyed: (by) => {
        if (by === "self") settleAll(this.#rekeys, (rekey) => rekey.resolve());
        events.emit("rekey", by);
      },
      onDrain: () => {
        owner.onDrain?.(this);
        events.emit("drain");
      },
      onSendBackpressure: (piled) => {
        this.#sendsPiled = piled;
        this.#setReading();
      },
      onClosed: (reason) => {
        this.#reason = reason;
        this.#inbox.end(this.#owned, reason);
        settleAll(this.#pings, (ping) => ping.reject(reason));
        settleAll(this.#rekeys, (rekey) => rekey.reject(reason));
        owner.onClosed?.(reason, this);
        events.emit("close", reason);
        resolveClosed(reason);
      },
    });
    if (!this.#inbox.hasRoom) this.#setReading();
  }

  /** Whether messages can be sent. */
  get isConnected(): boolean {
    return this.#reason === null;
  }

  /** The peer's address, for example `"192.168.1.7"`, and its port. */
  get remoteAddress(): string {
    return this.#driver.remoteAddress;
  }

  get remotePort(): number {
    return this.#driver.remotePort;
  }

  /** Why the last refused `send` returned false; null if none did. */
  get lastError(): UsmpError | null {
    return this.#lastError;
  }

  /** Sets the one callback for messages, replacing the last; null clears it. */
  onMessage(callback: ((data: Uint8Array, length: number) => unknown) | null): void {
    this.#events.setCallback("message", callback);
  }

  /** Sets the one callback for errors outside of any call, such as those of other callbacks; null clears it. */
  onError(callback: ((error: UsmpError) => unknown) | null): void {
    this.#events.setCallback("error", callback);
  }

  /**
   * Sends one message of at most 1808 bytes (borrowed for the call).
   *
   * True: the message is sealed and on its way; it arrives, or the session ends. False: nothing was sent, and
   * `lastError` says why: NOT_CONNECTED, PAYLOAD_TOO_LARGE, or BUFFER_FULL, after which `drain` fires once there is
   * room. `stats().refusedSends` counts it, and the first of a run fires `dropped`.
   * @throws TypeError for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  send(data: Sendable): boolean {
    const refused = this.#offer(toBytes(data));
    if (refused === null) this.#refusedSends.taken();
    else this.#refusedSends.refused(refused);
    return refused === null;
  }

  /**
   * Sends one message of at most 1808 bytes (copied if it has to wait). Waits for room; resolves when the network has
   * taken the bytes. Rejects with PAYLOAD_TOO_LARGE, NOT_CONNECTED, or the reason if the session ends before that.
   *
   * Aborting `signal` withdraws a message that still waits for room, and rejects with CLOSED. A message that was
   * accepted is still sent, and the promise settles with its outcome.
   * @throws TypeError (as a rejection) for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  async sendAsync(data: Sendable, options?: AbortOptions): Promise<void> {
    const message = toBytes(data);
    const signal = abortSignalOf(options);
    if (signal?.aborted === true) throw sendAborted(signal);
    if (this.#reason !== null) throw notConnected(this.#reason);
    await this.#driver.sendAsync(message, signal);
  }

  /**
   * Resolves with the next message, yours to keep. Queued messages come first, also after the session's end; then it
   * rejects with the reason for the end. Rejects with TIMEOUT or, if aborted, with CLOSED; no message is lost then.
   */
  recv(options?: ReceiveOptions): Promise<Uint8Array> {
    return this.#inbox.receive(this.#owned, this.#reason, options);
  }

  /** Returns whether a message waits to be read. */
  available(): boolean {
    return this.#inbox.available(this.#owned);
  }

  /** Takes the oldest waiting message; null if none waits. */
  read(): Uint8Array | null;
  /**
   * Copies the oldest waiting message into `into`, cut if it is too long. Returns the length in bytes, 0 if none waits.
   */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    return into === undefined ? this.#inbox.take(this.#owned) : this.#inbox.takeInto(into, this.#owned);
  }

  /** Takes the oldest waiting message as UTF-8 text; `""` if none waits. */
  readString(): string {
    return this.#inbox.takeString(this.#owned);
  }

  /**
   * Yields messages until the session ends; never throws. Leaving the loop, also while it waits, takes no message and
   * does not end the session.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const leaving = new AbortController();
    const { signal } = leaving;
    return new LeavableIterator({
      pull: () => this.recv({ signal }).catch(() => null),
      leave: () => leaving.abort(),
    });
  }

  /**
   * Stops delivering messages, and reading from the link: in the end the peer has to stop sending. The peer still gets
   * PONGs as signs of life. If it closes the connection during the pause, messages not read by then may be lost.
   */
  pause(): void {
    this.#paused = true;
    this.#inbox.interest();
    this.#setReading();
  }

  resume(): void {
    this.#paused = false;
    this.#inbox.flush();
    this.#setReading();
  }

  /**
   * Sends a PING; resolves with the round trip in milliseconds. Concurrent calls share one PING. Rejects with TIMEOUT
   * after `timeoutMs`, with CLOSED if `signal` aborts (the session stays open), or with the reason if the session ends.
   */
  async ping(options?: PingOptions): Promise<number> {
    const limits = { timeoutMs: pingTimeoutOf(options), signal: abortSignalOf(options) };
    return this.#request(this.#pings, limits, "PONG", () => this.#driver.request({ type: "ping" }));
  }

  /**
   * Rotates the session's keys; resolves when this end sends under the new ones. At most one rotation starts in a
   * second, and none before the last is confirmed, so a second call may wait. Rejects with the reason if the session
   * ends before that. Aborting `signal` ends only the wait, with CLOSED: the keys are rotated all the same.
   */
  async rekey(options?: AbortOptions): Promise<void> {
    const limits = { timeoutMs: Infinity, signal: abortSignalOf(options) };
    return this.#request(this.#rekeys, limits, "REKEY", () => this.#driver.request({ type: "rekey" }));
  }

  /**
   * Sets after how many milliseconds without sending, or without receiving, this session sends a PING; 0: never. Takes
   * effect at once. Less than 300 counts as 300, because a peer ends a session that sends PINGs much more often.
   * @throws UsmpError INVALID_ARG for anything but a number of at least 0.
   */
  keepalive(keepaliveMs: number): void {
    checkNumber("keepaliveMs", keepaliveMs, 0);
    this.#driver.request({ type: "pingAfter", ms: keepaliveMs });
  }

  /**
   * Ends the session with BYE. Messages sent before still go out, within `closeTimeoutMs`. With `drain`, `close` first
   * waits until all of them have left, or the session ends. Resolves when link and timers are gone.
   */
  async close(options?: CloseOptions): Promise<void> {
    if (drainOf(options)) await this.#owned.drain();
    await this.#driver.close(orderlyEnd("CLOSED", "the session was closed by this side"));
  }

  /** The Python SDK's name for {@link close}. */
  bye(): Promise<void> {
    return this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets the process end while this session lives. */
  unref(): void {
    this.#driver.unref();
  }

  /** The counts so far. */
  stats(): SessionStats {
    return {
      ...this.#driver.stats(),
      droppedMessages: this.#owner.inbox === undefined ? this.#inbox.dropped : 0,
      unreadMessages: this.#inbox.count(this.#owned),
      refusedSends: this.#refusedSends.count,
    };
  }

  #createInbox({ clock, maxUnreadMessages, maxUnreadBytes }: SessionSettings): Inbox<OwnedSession> {
    return new Inbox({
      clock,
      maxMessages: maxUnreadMessages,
      maxBytes: maxUnreadBytes,
      onFirstDrop: (reason) => this.#drop(reason),
    });
  }

  #createOwned(): OwnedSession {
    return {
      session: this,
      deliver: (data) => {
        if (this.#paused || this.#owner.holdsMessages?.() === true) return false;
        const isHeard = this.#events.has("message");
        if (isHeard) this.#events.emit("message", data, data.length);
        return this.#owner.onMessage?.(data, this) === true || isHeard;
      },
      listen: () => this.#inbox.listen(),
      offer: (message) => this.#offer(message) === null,
      abandon: (reason) => this.#driver.abandon(reason),
      drain: () => (this.#reason === null ? this.#driver.drain().catch(() => {}) : Promise.resolve()),
    };
  }

  #drop(reason: UsmpError): void {
    this.#owner.onDropped?.(reason, this);
    this.#events.emit("dropped", reason);
  }

  #offer(message: Uint8Array): UsmpError | null {
    try {
      if (this.#reason !== null) throw notConnected(this.#reason);
      this.#driver.send(message);
      return null;
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      this.#lastError = error;
      return error;
    }
  }

  #setReading(): void {
    const waits = this.#owner.waitsForSends === true && this.#sendsPiled;
    this.#driver.setReading(!this.#paused && this.#inbox.hasRoom && !waits);
  }

  #request<Value>(waiting: Waiting<Value>[], limits: PingOptions, what: string, ask: () => void): Promise<Value> {
    const { timeoutMs = Infinity, signal } = limits;
    if (signal?.aborted === true) return Promise.reject(waitAborted(signal));
    if (this.#reason !== null) return Promise.reject(notConnected(this.#reason));
    return new Promise((resolve, reject) => {
      let timer: Timer | null = null;
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const entry: Waiting<Value> = {
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      };
      const giveUp = (error: UsmpError): void => {
        waiting.splice(waiting.indexOf(entry), 1);
        entry.reject(error);
      };
      const onAbort = (): void => giveUp(waitAborted(signal));
      signal?.addEventListener("abort", onAbort);
      if (timeoutMs !== Infinity) {
        const late = new UsmpError("TIMEOUT", `no ${what} within ${timeoutMs} ms`);
        timer = this.#clock.after(timeoutMs, () => giveUp(late));
      }
      waiting.push(entry);
      ask();
    });
  }
}

/** Replaces the arguments that a program in JavaScript leaves out when it calls the constructor. */
const NO_PARTS = {} as SessionParts;

function settleAll<Value>(waiting: Waiting<Value>[], settle: (entry: Waiting<Value>) => void): void {
  for (const entry of waiting.splice(0)) settle(entry);
}

function notConnected(reason: UsmpError): UsmpError {
  return new UsmpError("NOT_CONNECTED", `the session has ended: ${reason.message}`, { cause: reason });
}
