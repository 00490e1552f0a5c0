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
  /** There is room again after a `send` was refused because there was none. */
  drain: [];
  /** The session has ended, once. */
  close: [reason: UsmpError];
  /** This end sends under new keys; either end may have asked for them. */
  rekey: [by: "self" | "peer"];
  /**
   * Messages are lost here. If a live session refuses a `send`, fires for the first of a run, within the call. If messages
   * came and nobody has ever asked for any, fires once, with BUFFER_FULL. `stats()` counts them all.
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

/** The device or gateway that a session belongs to: what it lends the session, and what it wants to hear before the session's own listeners. */
export interface SessionOwner {
  /** Where the session's messages wait. Default: an inbox of its own. */
  readonly inbox?: Inbox<OwnedSession>;
  /** Counts callbacks that returned a promise until it settles. */
  readonly running?: RunningHandlers;
  /**
   * Whether reading stops while sends pile up, so that a peer that sends and never reads does not fill the memory with answers.
   * For one end alone, or each would wait for the other to read.
   */
  readonly waitsForSends?: boolean;
  /** Whether messages wait until the owner calls for them, also those for the session's own listeners. */
  readonly holdsMessages?: () => boolean;
  /** Gets each message after the session's own listeners; false if nobody there wants it now. */
  readonly onMessage?: (data: Uint8Array, session: UsmpSession) => boolean;
  readonly onDrain?: (session: UsmpSession) => void;
  readonly onDropped?: (reason: UsmpError, session: UsmpSession) => void;
  readonly onClosed?: (reason: UsmpError, session: UsmpSession) => void;
  /** Gets the errors that nobody listens for on the session. Default: the process gets a warning. */
  readonly onError?: (error: UsmpError, session: UsmpSession) => void;
}

/** A session in the hands of its owner, with what users cannot do. */
export interface OwnedSession extends Receiver {
  readonly session: UsmpSession;
  /** Somebody takes its messages from now on: a full inbox stops the reading, and what waits is delivered soon. */
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

/** Makes the session of a driver whose handshake is done. */
export let createSession: (driver: SessionDriver, parts: SessionParts) => OwnedSession;

/**
 * One established, encrypted session, the same on a device and on a gateway.
 *
 * Messages go, each once, to a waiting `recv()` or iterator, else to the `message` callback and listeners, else into a
 * bounded queue for `available()` and `read()`.
 */
export class UsmpSession extends Subscribable<SessionEvents> implements AsyncDisposable {
  /** The device's id, `"24:0a:c4:01:02:03"`: the peer's on a gateway, your own on a device. */
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

  /** Sessions come from {@link UsmpClient}, {@link UsmpServer} and the facade. */
  private constructor(driver: SessionDriver, { settings, deviceId, sessionId, owner = {} }: SessionParts = NO_PARTS) {
    const { onError } = owner;
    const events: Emitter<SessionEvents> = new Emitter(SESSION_EVENTS, {
      running: owner.running,
      onListener: (event) => event === "message" && this.#inbox.listen(),
      onUnheard: onError && ((error) => onError(error, this)),
    });
    super(events);
    // The types keep this constructor to the library; a program in JavaScript may call it all the same.
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
      // Everybody has heard of the end already.
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
   * True: it is sealed and on its way, and arrives or the session ends. False: nothing was sent, and `lastError` says why:
   * NOT_CONNECTED, PAYLOAD_TOO_LARGE, or BUFFER_FULL, which `drain` follows. `stats().refusedSends` counts it, and the
   * first of a run fires `dropped`.
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
   * Aborting `signal` withdraws a message that still waits for room, and rejects with CLOSED. A message that was accepted goes
   * out, and the promise says what became of it.
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
   * The next message, yours to keep. Queued ones come first, also after the end; then it rejects with the reason for
   * the end. Rejects with TIMEOUT or, when aborted, with CLOSED; no message is lost then.
   */
  recv(options?: ReceiveOptions): Promise<Uint8Array> {
    return this.#inbox.receive(this.#owned, this.#reason, options);
  }

  /** Whether a message waits to be read. */
  available(): boolean {
    return this.#inbox.available(this.#owned);
  }

  /** The oldest waiting message, or null. */
  read(): Uint8Array | null;
  /** Copies the oldest waiting message into `into`, cut if it is too long. Returns the length copied, 0 if none waits. */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    return into === undefined ? this.#inbox.take(this.#owned) : this.#inbox.takeInto(into, this.#owned);
  }

  /** The oldest waiting message as UTF-8 text, `""` if none waits. */
  readString(): string {
    return this.#inbox.takeString(this.#owned);
  }

  /** Yields messages until the session ends; never throws. Leaving the loop, also while it waits, takes no message and ends no session. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const leaving = new AbortController();
    const { signal } = leaving;
    return new LeavableIterator({
      pull: () => this.recv({ signal }).catch(() => null),
      leave: () => leaving.abort(),
    });
  }

  /**
   * Stops delivering messages; unread ones stop the peer's sending in the end. The peer still gets signs of life. If it
   * closes the connection during the pause, messages not read by then may be lost.
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
   * Asks for a sign of life; resolves with the round trip in milliseconds. Concurrent calls share one PING.
   * Rejects with TIMEOUT after `timeoutMs`, or CLOSED when `signal` aborts (the session lives on), or with the reason if the
   * session ends.
   */
  async ping(options?: PingOptions): Promise<number> {
    const limits = { timeoutMs: pingTimeoutOf(options), signal: abortSignalOf(options) };
    return this.#request(this.#pings, limits, "PONG", () => this.#driver.request({ type: "ping" }));
  }

  /**
   * Rotates the session's keys; resolves when this end sends under the new ones. At most one rotation starts in a second, and
   * none before the last is confirmed, so a second call may wait. Rejects with the reason if the session ends before that.
   * Aborting `signal` ends only the wait, with CLOSED: the keys are rotated all the same.
   */
  async rekey(options?: AbortOptions): Promise<void> {
    const limits = { timeoutMs: Infinity, signal: abortSignalOf(options) };
    return this.#request(this.#rekeys, limits, "REKEY", () => this.#driver.request({ type: "rekey" }));
  }

  /**
   * Sets how many milliseconds this session, from now on, may send nothing, or receive nothing, before it asks for a sign of
   * life; 0: never. Less than 300 counts as 300, because a peer ends a session that asks much more often.
   * @throws UsmpError INVALID_ARG for anything but a number of at least 0.
   */
  keepalive(keepaliveMs: number): void {
    checkNumber("keepaliveMs", keepaliveMs, 0);
    this.#driver.request({ type: "pingAfter", ms: keepaliveMs });
  }

  /**
   * Ends the session with BYE. Messages sent before still go out, within `closeTimeoutMs`; with `drain` they all leave first, or
   * the session ends. Resolves when nothing is left.
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

  /** Counts so far. */
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

/** Stands in for what a program in JavaScript leaves out when it calls the constructor. */
const NO_PARTS = {} as SessionParts;

function settleAll<Value>(waiting: Waiting<Value>[], settle: (entry: Waiting<Value>) => void): void {
  for (const entry of waiting.splice(0)) settle(entry);
}

function notConnected(reason: UsmpError): UsmpError {
  return new UsmpError("NOT_CONNECTED", `the session has ended: ${reason.message}`, { cause: reason });
}
