import { formatDeviceId, parseDeviceId } from "./core/device-id.js";
import type { CryptoProvider } from "./core/crypto-provider.js";
import { parseHexKey } from "./core/psk.js";
import { loadCrypto } from "./crypto/index.js";
import { DeviceLife } from "./device/device-life.js";
import { checkDeviceSettings, DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "./device/dial.js";
import { resolveDeviceId, type DeviceIdOption } from "./device/identity.js";
import { PrintBuffer } from "./device/print-buffer.js";
import { checkBackoff, DEFAULT_BACKOFF, type BackoffOptions, type LifeState } from "./device/reconnect-machine.js";
import { isUsmpError, UsmpErrno, UsmpError } from "./errors.js";
import type { GatewaySettings } from "./gateway/accept.js";
import { KnownDevices } from "./gateway/known-devices.js";
import { UsmpServer, type ListeningAddress } from "./gateway/server.js";
import type { EventMap, Listener } from "./session/guarded-emitter.js";
import { Inbox } from "./session/inbox.js";
import { toBytes, type Sendable } from "./session/message.js";
import { withDefaults } from "./session/options.js";
import { PolledEmitter } from "./session/polled-emitter.js";
import { createPskLookup, type PskLookup, type PskSource } from "./session/psk-source.js";
import type { UsmpSession } from "./session/session.js";
import { TcpTransport } from "./transport/tcp.js";
import type { Acceptor, Dialer } from "./transport/transport.js";

export interface UsmpOptions extends Partial<DeviceSettings>, Partial<GatewaySettings> {
  /** Random by default, and then kept for the life of the facade; `"mac"` takes the machine's, as on a board. */
  readonly deviceId?: DeviceIdOption;
  /** How a device comes back after a loss; false: it does not. */
  readonly reconnect?: Partial<BackoffOptions> | false;
  /** Callbacks run within `maintain()` alone, as on a board, and just before `begin()` and `reconnect()` resolve. */
  readonly polled?: boolean;
}

/** What the facade tells. On a listening one the last argument says whose event it is. */
export interface UsmpEvents extends EventMap {
  connect: [session: UsmpSession];
  reconnect: [session: UsmpSession];
  message: [data: Uint8Array, length: number, session: UsmpSession];
  disconnect: [reason: UsmpError, session: UsmpSession];
  drain: [session: UsmpSession];
}

/** What a facade is doing: a device's states, or "listening". */
export type UsmpState = LifeState["name"] | "listening";

/**
 * USMP in the manner of the Arduino library: four callbacks, `begin()` for a device, `listen()` for a gateway.
 *
 *     const usmp = new Usmp(psk);
 *     usmp.onConnect(() => usmp.send("hello"));
 *     usmp.onMessage((data, length) => console.log(length, data.toString()));
 *     await usmp.begin(Usmp.TCP("192.168.1.100"));
 *
 * A device that lost its session comes back by itself. The same events are on `on`, `once`, `off`.
 */
export class Usmp extends PolledEmitter<UsmpEvents> implements AsyncDisposable {
  readonly #lookupPsk: PskLookup;
  readonly #pskSource: PskSource;
  readonly #settings: DeviceSettings & Partial<GatewaySettings>;
  readonly #backoff: BackoffOptions;
  readonly #deviceIdOption: DeviceIdOption | undefined;
  readonly #inbox: Inbox;
  readonly #print = new PrintBuffer((message) => this.#transmit(message));
  readonly #known = new KnownDevices();
  #crypto: CryptoProvider | null = null;
  #deviceId: Uint8Array | null = null;
  #life: DeviceLife | null = null;
  #server: UsmpServer | null = null;
  /** The device's current session, or its last. */
  #session: UsmpSession | null = null;
  /** Counts lives, so that what was begun before a `begin()` or `close()` is not finished after it. */
  #lives = 0;
  #keepsProcess = true;
  #lastError: UsmpError | null = null;

  /** TCP to `host`, or, to listen, on it. Port 9000 by default. `.wifi(ssid, password)` is accepted, as on the board. */
  static TCP(host: string, port?: number): TcpTransport {
    return new TcpTransport(host, port);
  }

  /** The key that an even number of hex digits stands for. A plain string is its text, never hex. */
  static hex(digits: string): Uint8Array {
    return parseHexKey(digits);
  }

  /** @throws UsmpError INVALID_ARG for a bad key or option, naming what was given (never the key) and what is allowed. */
  constructor(psk: PskSource, { deviceId, reconnect, polled = false, ...settings }: UsmpOptions = {}) {
    super(polled);
    this.#lookupPsk = createPskLookup(psk);
    this.#pskSource = psk;
    this.#settings = withDefaults<DeviceSettings>(DEFAULT_DEVICE_SETTINGS, settings);
    checkDeviceSettings(this.#settings);
    this.#backoff = reconnect === false ? NEVER_AGAIN : withDefaults(DEFAULT_BACKOFF, reconnect ?? {});
    checkBackoff(this.#backoff);
    if (deviceId !== undefined && deviceId !== "mac") parseDeviceId(deviceId);
    this.#deviceIdOption = deviceId;
    this.#inbox = new Inbox({
      clock: this.#settings.clock,
      maxMessages: this.#settings.maxUnreadMessages,
      maxBytes: this.#settings.maxUnreadBytes,
      deliver: (data) => this.runsAtOnce && this.#deliver(data),
      onPressure: (full) => (full ? this.#life?.session?.pause() : this.#life?.session?.resume()),
      onFirstDrop: () => {},
    });
  }

  /** Sets the callback for every established session, the first and each later one; null clears it. */
  onConnect(callback: Listener<UsmpEvents["connect"]> | null): void {
    this.setCallback("connect", callback);
  }

  /** Sets the callback for each session but the first of a life; it runs before `onConnect`. Null clears it. */
  onReconnect(callback: Listener<UsmpEvents["reconnect"]> | null): void {
    this.setCallback("reconnect", callback);
  }

  /** Sets the callback for each whole, verified message; `data` is the callback's to keep. Null clears it. */
  onMessage(callback: Listener<UsmpEvents["message"]> | null): void {
    this.setCallback("message", callback);
  }

  /** Sets the callback for the end of each session, with the reason, also for one's own `close()`. Null clears it. */
  onDisconnect(callback: Listener<UsmpEvents["disconnect"]> | null): void {
    this.setCallback("disconnect", callback);
  }

  /** Sets the callback for failed attempts and for callbacks that failed; null clears it. */
  onError(callback: Listener<UsmpEvents["error"]> | null): void {
    this.setCallback("error", callback);
  }

  /**
   * Connects as a device, and keeps coming back until `close()`. Legal in any state: what runs is ended first.
   * Resolves with the first attempt's result: true after `onConnect` ran. False for a bad argument, which is not retried;
   * `lastError()` says what was wrong. Never rejects.
   */
  async begin(transport: Dialer): Promise<boolean> {
    const life = ++this.#lives;
    try {
      if (this.#server !== null) throw new UsmpError("INVALID_ARG", "this facade listens: close() it, or use another one to connect");
      if (typeof (transport as Partial<Dialer> | null)?.dial !== "function") {
        throw new UsmpError("INVALID_ARG", "begin() needs a transport to dial, such as Usmp.TCP(host)");
      }
      this.#crypto ??= this.#settings.crypto ?? (await loadCrypto());
      this.#deviceId ??= resolveDeviceId(this.#deviceIdOption, this.#crypto);
      if (life !== this.#lives) return false;
      this.#life ??= this.#createLife(this.#crypto, this.#deviceId);
      return await this.#polledResult(this.#life.begin(transport));
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  /** As `begin`, and returns at once. */
  beginAsync(transport: Dialer): void {
    void this.begin(transport);
  }

  /**
   * Ends the session, if there is one, and dials now. Resolves with that attempt's result; false, with NOT_CONNECTED, on a
   * facade that has not begun or was closed.
   */
  async reconnect(): Promise<boolean> {
    if (this.#life === null || this.state() === "idle" || this.state() === "closed") {
      this.#note(new UsmpError("NOT_CONNECTED", "there is no connection to renew: call begin() first"));
      return false;
    }
    return this.#polledResult(this.#life.reconnect());
  }

  /**
   * Listens as a gateway, on all the transports or on none. Resolves with the addresses in use; port 0 takes a free one.
   * Rejects with TRANSPORT (the system's error as `cause`) or INVALID_ARG.
   */
  async listen(...transports: Acceptor[]): Promise<ListeningAddress[]> {
    const busy = this.#server !== null || !["idle", "closed"].includes(this.state());
    if (busy) throw new UsmpError("INVALID_ARG", "this facade is in use: close() it, or use another one to listen");
    if (transports.length === 0) throw new UsmpError("INVALID_ARG", 'listen() needs a transport, such as Usmp.TCP("0.0.0.0")');
    const server = new UsmpServer({ ...this.#settings, psk: this.#pskSource });
    this.#server = server;
    server.on("session", (session) => this.#welcome(session));
    server.on("error", (error) => this.reportError(error));
    if (!this.#keepsProcess) server.unref();
    try {
      return await server.listen(...transports);
    } catch (error) {
      if (this.#server === server) this.#server = null;
      this.#note(error);
      throw error;
    }
  }

  /** Ends this life: BYE to whom there is, then nothing is left and nothing is called any more. Legal in any state. */
  async close(): Promise<void> {
    this.#lives++;
    const server = this.#server;
    this.#server = null;
    await Promise.all([this.#life?.close(new UsmpError("CLOSED", "closed by close()")), server?.stop()]);
    this.maintain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs the callbacks that wait, where the facade is `polled`; else there is nothing to do, and it is harmless. */
  maintain(): void {
    this.runWaiting(() => {
      this.#inbox.flush();
      for (const session of this.sessions()) this.#readOut(session);
    });
  }

  /**
   * Sends one message of at most 1808 bytes. True: it is on its way, and arrives or `onDisconnect` follows. False: nothing
   * was sent, and `lastError()` says why. A listening facade uses `sendTo`, `broadcast`, or the session.
   * @throws TypeError for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  send(data: Sendable): boolean {
    const message = toBytes(data);
    this.#print.flush();
    return this.#transmit(message);
  }

  /** Waits for room, then sends. Resolves when the network has taken the message; rejects with the reason why not. */
  async sendAsync(data: Sendable): Promise<void> {
    toBytes(data);
    this.#print.flush();
    await this.#needSession().sendAsync(data);
  }

  /** Gathers text, and sends it at each newline, at 452 bytes, on `flush()` and before a `send()`. The count; 0 offline. */
  print(value: string | number | boolean | bigint): number {
    return this.write(String(value));
  }

  /** As `print`, and then CR and LF, as on the board. */
  println(value: string | number | boolean | bigint = ""): number {
    return this.write(`${String(value)}\r\n`);
  }

  /** As `print`, for one byte, for bytes, or for text. */
  write(value: number | Sendable): number {
    const bytes = typeof value === "number" ? Uint8Array.of(value) : toBytes(value);
    return this.alive() ? this.#print.write(bytes) : 0;
  }

  /** Sends what was printed and not sent yet. */
  flush(): void {
    this.#print.flush();
  }

  /** Whether a message waits to be read. */
  available(): boolean {
    return this.#inbox.available();
  }

  /** The oldest waiting message, or null. */
  read(): Uint8Array | null;
  /** Copies the oldest waiting message into `into`, cut where it is too long; its copied length, 0 where none waits. */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    return into === undefined ? this.#inbox.take() : this.#inbox.takeInto(into);
  }

  /** The oldest waiting message as UTF-8 text, `""` where none waits. */
  readString(): string {
    return this.#inbox.takeString();
  }

  /** Stops taking messages; what is not read stops the senders in the end. */
  pause(): void {
    this.#inbox.hold();
    for (const session of this.#liveSessions()) session.pause();
  }

  resume(): void {
    for (const session of this.#liveSessions()) session.resume();
    this.#inbox.release();
  }

  /** Asks the gateway for a sign of life; resolves with the round trip in milliseconds. */
  async ping(options?: { readonly timeoutMs?: number }): Promise<number> {
    return this.#needSession().ping(options);
  }

  /** Rotates the session's keys; resolves when this end sends under the new ones. */
  async rekey(): Promise<void> {
    await this.#needSession().rekey();
  }

  /** Whether there is a session: a device's own, or, listening, at least one. */
  alive(): boolean {
    return this.#liveSessions().length > 0;
  }

  /** The same as {@link alive}. */
  connected(): boolean {
    return this.alive();
  }

  /** What goes on. */
  state(): UsmpState {
    return this.#server !== null ? "listening" : (this.#life?.state.name ?? "idle");
  }

  /** This device's id, `"24:0a:c4:01:02:03"`; `""` before the first `begin()` where it is a random one. */
  deviceId(): string {
    return this.#deviceId === null ? "" : formatDeviceId(this.#deviceId);
  }

  /** The session's id, 32 hex digits; `""` without one. */
  sessionId(): string {
    return this.#life?.session?.sessionId ?? "";
  }

  /** The C core's number of the last failure, 0 where there was none. */
  lastError(): number {
    return this.#lastError?.errno ?? UsmpErrno.OK;
  }

  /** What the last failure was, and what to do about it. */
  lastErrorString(): string {
    return this.#lastError === null ? "no error" : `${this.#lastError.code}: ${this.#lastError.message}`;
  }

  /** The live sessions of a listening facade. */
  sessions(): UsmpSession[] {
    return this.#server?.sessions() ?? [];
  }

  /** A device's live session on a listening facade, or null. */
  session(deviceId: string): UsmpSession | null {
    return this.#server?.session(deviceId) ?? null;
  }

  /** Sends to one device; false, and `lastError()`, where it has no session or no room. */
  sendTo(deviceId: string, data: Sendable): boolean {
    return this.#sendOn(this.session(deviceId), data);
  }

  /** Sends to every device; how many of the messages are on their way. */
  broadcast(data: Sendable): number {
    const message = toBytes(data);
    return this.sessions().filter((session) => this.#sendOn(session, message)).length;
  }

  /** Lets the process end while this facade is in use. */
  unref(): void {
    this.#keepsProcess = false;
    this.#life?.unref();
    this.#server?.unref();
  }

  protected override listenerAdded(event: keyof UsmpEvents & string): void {
    if (event !== "message") return;
    this.#inbox.interest();
    for (const session of this.sessions()) this.#listenTo(session);
    // Not within the caller's own call: it has not finished setting up.
    queueMicrotask(() => this.#inbox.flush());
  }

  #createLife(crypto: CryptoProvider, deviceId: Uint8Array): DeviceLife {
    const life = new DeviceLife(
      {
        crypto,
        deviceId,
        lookupPsk: this.#lookupPsk,
        settings: this.#settings,
        backoff: this.#backoff,
        random: Math.random,
      },
      {
        onSession: (session, again) => this.#adopt(session, again),
        onLost: (reason) => this.#lose(reason),
        onFailed: (error) => {
          this.#lastError = error;
          if (this.hasListeners("error")) this.dispatch("error", error);
        },
      },
    );
    if (!this.#keepsProcess) life.unref();
    return life;
  }

  /** A device's new session. */
  #adopt(session: UsmpSession, again: boolean): void {
    this.#session = session;
    session.on("message", (data) => this.#inbox.put(data));
    session.on("drain", () => this.dispatch("drain", session));
    session.on("error", (error) => this.reportError(error));
    if (this.#inbox.isFull) session.pause();
    if (again) this.dispatch("reconnect", session);
    this.dispatch("connect", session);
  }

  /** A device's session has ended. */
  #lose(reason: UsmpError): void {
    const session = this.#session as UsmpSession;
    this.#print.clear();
    this.#lastError = reason;
    // What arrived before the end is told before the end, also where it waited for a poll.
    this.runOrWait(() => this.#inbox.flush());
    this.dispatch("disconnect", reason, session);
  }

  /** A gateway's new session. */
  #welcome(session: UsmpSession): void {
    session.on("drain", () => this.dispatch("drain", session));
    session.on("close", (reason) => {
      this.runOrWait(() => this.#readOut(session));
      this.dispatch("disconnect", reason, session);
    });
    if (this.hasListeners("message")) this.#listenTo(session);
    if (this.#known.note(session.deviceId)) this.dispatch("reconnect", session);
    this.dispatch("connect", session);
  }

  /** Takes a gateway session's messages as they come, or leaves them in its queue until they are polled for. */
  #listenTo(session: UsmpSession): void {
    if (!this.runsAtOnce) session.available();
    else session.onMessage((data, length) => this.dispatch("message", data, length, session));
  }

  /** Tells a gateway session's messages that waited for a poll. */
  #readOut(session: UsmpSession): void {
    if (!this.hasListeners("message")) return;
    for (let data = session.read(); data !== null; data = session.read()) {
      this.dispatch("message", data, data.length, session);
    }
  }

  #deliver(data: Uint8Array): boolean {
    if (!this.hasListeners("message")) return false;
    this.dispatch("message", data, data.length, this.#session as UsmpSession);
    return true;
  }

  #transmit(message: Uint8Array): boolean {
    if (this.#server !== null) {
      this.#note(new UsmpError("INVALID_ARG", "a listening facade has many sessions: use sendTo(), broadcast() or session.send()"));
      return false;
    }
    return this.#sendOn(this.#life?.session ?? null, message);
  }

  #sendOn(session: UsmpSession | null, data: Sendable): boolean {
    const sent = session?.send(data) ?? false;
    if (!sent) this.#note(session?.lastError ?? new UsmpError("NOT_CONNECTED", "there is no session to send on"));
    return sent;
  }

  #needSession(): UsmpSession {
    const session = this.#life?.session ?? null;
    if (session === null) throw new UsmpError("NOT_CONNECTED", "there is no session");
    return session;
  }

  #liveSessions(): UsmpSession[] {
    const own = this.#life?.session ?? null;
    return own === null ? this.sessions() : [own];
  }

  async #polledResult(attempt: Promise<boolean>): Promise<boolean> {
    const established = await attempt;
    this.maintain();
    return established;
  }

  #note(error: unknown): void {
    this.#lastError = isUsmpError(error) ? error : new UsmpError("TRANSPORT", String(error), { cause: error });
  }
}

/** `reconnect: false`. */
const NEVER_AGAIN: BackoffOptions = { ...DEFAULT_BACKOFF, maxAttempts: 1 };
