import { requireFunctions } from "../core/arguments.js";
import { hexOf } from "../core/wire/bytes.js";
import type { Clock, Timer } from "../core/clock.js";
import { formatDeviceId } from "../core/wire/device-id.js";
import { isUsmpError, orderlyEnd, UsmpError } from "../errors.js";
import type { SessionDriver } from "./driver.js";
import { GuardedEmitter, type EventMap, type EventNames, type Listener } from "./guarded-emitter.js";
import { LeavableIterator } from "./leavable-iterator.js";
import { Inbox, type ReceiveOptions } from "./inbox.js";
import { toBytes, toUserMessage, type Sendable } from "./message.js";
import { checkNumber, pingTimeoutOf, type SessionSettings } from "./options.js";
import { RefusedSends } from "./refused-sends.js";
import type { SessionStats } from "./stats.js";

/** The events of a session. */
export interface SessionEvents extends EventMap {
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

/**
 * One established, encrypted session, the same on a device and on a gateway.
 *
 * Messages go, each once, to a waiting `recv()` or iterator, else to the `message` callback and listeners, else into a
 * bounded queue for `available()` and `read()`.
 */
export class UsmpSession extends GuardedEmitter<SessionEvents> implements AsyncDisposable {
  /** The device's id, `"24:0a:c4:01:02:03"`: the peer's on a gateway, your own on a device. */
  readonly deviceId: string;
  /** 32 hex digits, new for every session. */
  readonly sessionId: string;
  /** Resolves with the reason when the session has ended; never rejects. */
  readonly closed: Promise<UsmpError>;

  readonly #driver: SessionDriver;
  readonly #clock: Clock;
  readonly #inbox: Inbox;
  readonly #refusedSends: RefusedSends;
  #reason: UsmpError | null = null;
  #lastError: UsmpError | null = null;
  #pings: Waiting<number>[] = [];
  #rekeys: Waiting<void>[] = [];
  #userPaused = false;
  #inboxFull = false;
  #sendsPiled = false;
  #waitsForSends = false;
  #outlet: ((data: Uint8Array) => boolean) | null = null;
  #errorOutlet: ((error: UsmpError) => void) | null = null;

  /** Sessions come from {@link UsmpClient}, {@link UsmpServer} and the facade. */
  private constructor(driver: SessionDriver, settings: SessionSettings, deviceId: Uint8Array, sessionId: Uint8Array) {
    super(SESSION_EVENTS);
    // The types keep this constructor to the library; a program in JavaScript may call it all the same.
    const advice = "no arguments, and do not call this: begin(), connect() and listen() make sessions";
    requireFunctions("driver", driver, ["attach"], advice);
    this.deviceId = formatDeviceId(deviceId);
    this.sessionId = hexOf(sessionId);
    this.#driver = driver;
    this.#clock = settings.clock;
    this.#inbox = new Inbox({
      clock: settings.clock,
      maxMessages: settings.maxUnreadMessages,
      maxBytes: settings.maxUnreadBytes,
      deliver: (data) => this.#deliver(data),
      onPressure: (full) => this.#setPressure(full),
      onFirstDrop: (reason) => this.dispatch("dropped", reason),
    });
    this.#refusedSends = new RefusedSends((reason) => {
      // Of the end somebody was told already.
      if (this.#reason === null) this.dispatch("dropped", reason);
    });
    let resolveClosed: (reason: UsmpError) => void;
    this.closed = new Promise((resolve) => (resolveClosed = resolve));
    driver.attach({
      onMessage: (data) => this.#inbox.put(toUserMessage(data)),
      onPong: (roundTripMs) => settleAll(this.#pings, (ping) => ping.resolve(roundTripMs)),
      onRekeyed: (by) => this.#onRekeyed(by),
      onDrain: () => this.dispatch("drain"),
      onSendBackpressure: (piled) => {
        this.#sendsPiled = piled;
        this.#setReading();
      },
      onClosed: (reason) => {
        this.#end(reason);
        resolveClosed(reason);
      },
    });
  }

  /** A session on a driver whose handshake is done. @internal */
  static on(
    driver: SessionDriver,
    settings: SessionSettings,
    deviceId: Uint8Array,
    sessionId: Uint8Array,
  ): UsmpSession {
    return new UsmpSession(driver, settings, deviceId, sessionId);
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
  onMessage(callback: Listener<SessionEvents["message"]> | null): void {
    this.setCallback("message", callback);
  }

  /** Sets the one callback for errors outside of any call, such as those of other callbacks; null clears it. */
  onError(callback: Listener<SessionEvents["error"]> | null): void {
    this.setCallback("error", callback);
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

  /** As `send`, for a message that is not lost where it is refused. @internal */
  offer(message: Uint8Array): boolean {
    return this.#offer(message) === null;
  }

  /**
   * Sends one message of at most 1808 bytes (copied if it has to wait). Waits for room; resolves when the network has
   * taken the bytes. Rejects with PAYLOAD_TOO_LARGE, NOT_CONNECTED, or the reason if the session ends before that.
   * @throws TypeError (as a rejection) for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  async sendAsync(data: Sendable): Promise<void> {
    const message = toBytes(data);
    if (this.#reason !== null) throw notConnected(this.#reason);
    await this.#driver.sendAsync(message);
  }

  /**
   * The next message, yours to keep. Queued ones come first, also after the end; then it rejects with the reason for
   * the end. Rejects with TIMEOUT or, when aborted, with CLOSED; no message is lost then.
   */
  recv(options?: ReceiveOptions): Promise<Uint8Array> {
    return this.#inbox.receive(options);
  }

  /** Whether a message waits to be read. */
  available(): boolean {
    return this.#inbox.available();
  }

  /** The oldest waiting message, or null. */
  read(): Uint8Array | null;
  /** Copies the oldest waiting message into `into`, cut if it is too long. Returns the length copied, 0 if none waits. */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    return into === undefined ? this.#inbox.take() : this.#inbox.takeInto(into);
  }

  /** The oldest waiting message as UTF-8 text, `""` if none waits. */
  readString(): string {
    return this.#inbox.takeString();
  }

  /** Yields messages until the session ends; never throws. Leaving the loop, also while it waits, takes no message and ends no session. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const leaving = new AbortController();
    const { signal } = leaving;
    return new LeavableIterator({
      pull: () => this.#inbox.receive({ signal }).catch(() => null),
      leave: () => leaving.abort(),
    });
  }

  /**
   * Stops delivering messages; unread ones stop the peer's sending in the end. The peer still gets signs of life. If it
   * closes the connection during the pause, messages not read by then may be lost.
   */
  pause(): void {
    this.#userPaused = true;
    this.#inbox.hold();
    this.#setReading();
  }

  resume(): void {
    this.#userPaused = false;
    this.#inbox.release();
    this.#setReading();
  }

  /**
   * Asks for a sign of life; resolves with the round trip in milliseconds. Concurrent calls share one PING.
   * Rejects with TIMEOUT after `timeoutMs` (the session lives on), or with the reason if the session ends.
   */
  async ping(options?: { readonly timeoutMs?: number | undefined }): Promise<number> {
    return this.#request(this.#pings, pingTimeoutOf(options), "PONG", () => this.#driver.request({ type: "ping" }));
  }

  /**
   * Rotates the session's keys; resolves when this end sends under the new ones. At most one rotation starts in a second, and
   * none before the last is confirmed, so a second call may wait. Rejects with the reason if the session ends before that.
   */
  rekey(): Promise<void> {
    return this.#request(this.#rekeys, Infinity, "REKEY", () => this.#driver.request({ type: "rekey" }));
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

  /** Ends the session with BYE. Messages sent before still go out, within a bounded time. Resolves when nothing is left. */
  async close(): Promise<void> {
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
    const { dropped, length } = this.#inbox;
    return {
      ...this.#driver.stats(),
      droppedMessages: dropped,
      unreadMessages: length,
      refusedSends: this.#refusedSends.count,
    };
  }

  /** Ends the session from the library's side, without BYE. @internal */
  abandon(reason: UsmpError): void {
    this.#driver.abandon(reason);
  }

  /**
   * Reads nothing while sends pile up: a peer that sends and never reads must not fill the memory with answers. For one end
   * alone, or each would wait for the other to read. @internal
   */
  waitForSends(): void {
    this.#waitsForSends = true;
  }

  /** Offers messages to `outlet` as well, which says whether it took one: its listeners may come and go. @internal */
  passMessagesTo(outlet: (data: Uint8Array) => boolean): void {
    this.#outlet = outlet;
  }

  /** Somebody behind the outlet listens from now on. @internal */
  outletListens(): void {
    this.#inbox.listen();
  }

  /** Where errors go that nobody listens for here. @internal */
  passErrorsTo(outlet: (error: UsmpError) => void): void {
    this.#errorOutlet = outlet;
  }

  /** @internal */
  protected override unheard(error: UsmpError): void {
    if (this.#errorOutlet === null) super.unheard(error);
    else this.#errorOutlet(error);
  }

  /** @internal */
  protected override listenerAdded(event: keyof SessionEvents): void {
    if (event === "message") this.#inbox.listen();
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

  #deliver(data: Uint8Array): boolean {
    const heardHere = this.hasListeners("message");
    if (heardHere) this.dispatch("message", data, data.length);
    const heardThere = this.#outlet?.(data) === true;
    return heardHere || heardThere;
  }

  #onRekeyed(by: "self" | "peer"): void {
    if (by === "self") settleAll(this.#rekeys, (rekey) => rekey.resolve());
    this.dispatch("rekey", by);
  }

  #setPressure(full: boolean): void {
    this.#inboxFull = full;
    this.#setReading();
  }

  #setReading(): void {
    this.#driver.setReading(!this.#userPaused && !this.#inboxFull && !(this.#waitsForSends && this.#sendsPiled));
  }

  #request<Value>(waiting: Waiting<Value>[], timeoutMs: number, what: string, ask: () => void): Promise<Value> {
    if (this.#reason !== null) return Promise.reject(notConnected(this.#reason));
    return new Promise((resolve, reject) => {
      let timer: Timer | null = null;
      const entry: Waiting<Value> = {
        resolve: (value) => (timer?.cancel(), resolve(value)),
        reject: (error) => (timer?.cancel(), reject(error)),
      };
      if (timeoutMs !== Infinity) {
        timer = this.#clock.after(timeoutMs, () => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(new UsmpError("TIMEOUT", `no ${what} within ${timeoutMs} ms`));
        });
      }
      waiting.push(entry);
      ask();
    });
  }

  #end(reason: UsmpError): void {
    this.#reason = reason;
    this.#inbox.end(reason);
    settleAll(this.#pings, (ping) => ping.reject(reason));
    settleAll(this.#rekeys, (rekey) => rekey.reject(reason));
    this.dispatch("close", reason);
  }
}

function settleAll<Value>(waiting: Waiting<Value>[], settle: (entry: Waiting<Value>) => void): void {
  for (const entry of waiting.splice(0)) settle(entry);
}

function notConnected(reason: UsmpError): UsmpError {
  return new UsmpError("NOT_CONNECTED", `the session has ended: ${reason.message}`, { cause: reason });
}
