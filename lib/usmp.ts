import { ownMembers } from "./core/own-members.js";
import { refuseArgument } from "./core/arguments.js";
import { toUsmpError, UsmpError } from "./errors.js";
import { parseDeviceId } from "./core/wire/device-id.js";
import { parseHexKey } from "./core/handshake/psk.js";
import { Device } from "./device/device.js";
import { checkDeviceSettings, DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "./device/dial.js";
import type { DeviceIdOption } from "./device/identity.js";
import { parseReconnect, type BackoffOptions, type DelayFunction } from "./device/reconnect-machine.js";
import { checkGatewaySettings, DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from "./gateway/accept.js";
import { parseOfflineQueue, type OfflineQueueOptions } from "./device/offline-queue.js";
import {
  UsmpServer,
  type GatewayOwner,
  type ListeningAddress,
  type StopOptions,
  type UsmpServerOptions,
} from "./gateway/server.js";
import { EventLog } from "./session/event-log.js";
import { facadeStats, SessionTotals, type UsmpStats } from "./session/stats.js";
import type { UsmpStatus } from "./session/status.js";
import { Subscribable } from "./session/emitter.js";
import { FacadeEvents, type UsmpEvents } from "./session/facade-events.js";
import { toBytes, toText, type Sendable } from "./session/message.js";
import {
  abortSignalOf,
  checkKnown,
  drainOf,
  graceOf,
  withDefaults,
  type AbortOptions,
  type Given,
  type PingOptions,
} from "./session/options.js";
import { PollQueue } from "./session/poll-queue.js";
import { createPskLookup, keepKeys, type PskSource } from "./session/psk-source.js";
import type { OwnedSession, UsmpSession } from "./session/session.js";
import { TcpTransport } from "./transport/tcp.js";
import { UdpTransport, type UdpOptions } from "./transport/udp.js";
import type { AnyAcceptor, Dialer } from "./transport/transport.js";

export interface UsmpOptions extends Given<DeviceSettings>, Given<GatewaySettings> {
  /**
   * The device's id. Default: a random id, kept for the life of the facade. `"mac"` takes the machine's MAC address, as
   * on a board.
   */
  readonly deviceId?: DeviceIdOption | undefined;
  /** How a device reconnects after a loss; false turns reconnecting off. */
  readonly reconnect?: Given<BackoffOptions> | DelayFunction | false | undefined;
  /**
   * Holds messages while there is no session, up to a bound; off by default. Each message that the queue gives up fires
   * `dropped`.
   */
  readonly offlineQueue?: Given<OfflineQueueOptions> | undefined;
  /** Runs callbacks only within `maintain()`, as on a board, and just before `begin()` and `reconnect()` resolve. */
  readonly polled?: boolean | undefined;
}

export interface BeginOptions {
  /** Aborting it, at any time, acts like `close()`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * If the first attempt fails, `begin()` closes the facade and rejects with the reason. Default false: `begin()`
   * resolves with false, and the facade retries.
   */
  readonly rejectOnFailure?: boolean | undefined;
}

/** The state of a facade: of its device, or "listening". */
export type UsmpState = "idle" | "opening" | "handshaking" | "established" | "backoff" | "closed" | "listening";

/**
 * USMP in the style of the Arduino library: four callbacks, `begin()` for a device, `listen()` for a gateway. The event
 * loop drives it. A device that has lost its session reconnects. `on`, `once` and `off` give you the same events.
 */
export class Usmp extends Subscribable<UsmpEvents> implements AsyncDisposable {
  readonly #device: Device;
  readonly #serverOptions: UsmpServerOptions;
  readonly #events: FacadeEvents;
  readonly #poll: PollQueue | null;
  readonly #totals = new SessionTotals();
  #server: UsmpServer | null = null;
  /** The live sessions of a listening facade. */
  readonly #peers = new Map<UsmpSession, OwnedSession>();
  #peersPaused = false;
  #life = new Life();
  #keepsProcess = true;

  /**
   * A TCP transport that dials `host` or listens on it. `port` is 9000 by default. It accepts `.wifi(ssid, password)`,
   * as on the board.
   */
  static TCP(host: string, port?: number): TcpTransport {
    return new TcpTransport(host, port);
  }

  /** As `TCP`, but UDP. With `ipv6Only`, the host `"::"` does not accept IPv4. docs/udp.md says what UDP guarantees. */
  static UDP(host: string, port?: number, options?: UdpOptions): UdpTransport {
    return new UdpTransport(host, port, options);
  }

  /**
   * Decodes a key from an even number of hex digits. Given as a key, a plain string stands for its text, never for hex.
   */
  static hex(digits: string): Uint8Array {
    return parseHexKey(digits);
  }

  /**
   * @throws UsmpError INVALID_ARG for a bad key or option. The message names what was given (never the key) and what is
   * allowed.
   */
  constructor(psk: PskSource, options: UsmpOptions = {}) {
    const { deviceId, reconnect, offlineQueue, polled = false, ...given } = ownMembers(options);
    checkKnown(given, DEFAULT_DEVICE_SETTINGS, DEFAULT_GATEWAY_SETTINGS, { deviceId, reconnect, offlineQueue, polled });
    const settings = withDefaults<DeviceSettings>(DEFAULT_DEVICE_SETTINGS, given);
    checkDeviceSettings(settings);
    const gatewaySettings = withDefaults<GatewaySettings>(DEFAULT_GATEWAY_SETTINGS, given);
    checkGatewaySettings(gatewaySettings);
    const backoff = parseReconnect(reconnect);
    const keys = keepKeys(psk);
    const { logger, clock, maxLogLinesPerSecond, metrics } = gatewaySettings;
    const queue = polled ? new PollQueue() : null;
    const events = new FacadeEvents({
      log: new EventLog(logger, clock, maxLogLinesPerSecond, metrics),
      status: () => (this.#server === null ? this.#device.status : { state: "listening" }),
      queue,
      onMessageListener: () => this.#listenForMessages(),
    });
    super(events.emitter);
    this.#events = events;
    this.#poll = queue;
    this.#serverOptions = { ...gatewaySettings, psk: keys };
    this.#device = new Device(
      {
        lookupPsk: createPskLookup(keys),
        settings,
        backoff,
        deviceId,
        offlineQueue: parseOfflineQueue(offlineQueue),
        refusedSends: events.refusedSends,
      },
      {
        onBegin: () => this.#beginLife(),
        onConnect: ({ session }, again) => {
          this.#totals.add(session, again);
          this.#announce(session, again);
          this.#runOrWait(() => this.#device.outgoing.flush());
        },
        onDisconnect: (reason, owned) => {
          events.note(reason);
          this.#totals.end(owned.session);
          // Messages that arrived before the end are delivered before "disconnect", also if they wait for a poll.
          this.#runOrWait(() => this.#device.inbox.flush(owned));
          events.emitter.emit("disconnect", reason, owned.session);
          events.announceReconnecting();
        },
        holdsMessages: () => this.#poll?.isPolling === false && events.emitter.has("message"),
        onMessage: (data, session) => {
          if (!events.emitter.has("message")) return false;
          events.emitter.emitNow("message", data, data.length, session);
          return true;
        },
        onDrain: (session) => events.emitter.emit("drain", session),
        onDropped: (reason, session) => events.drop(reason, session),
        onStatus: (status) => {
          events.changeStatus(status);
          if (status.state === "closed") this.#endLife(status.reason);
        },
        onFailed: (error) => {
          this.#life.failure = events.note(error);
          if (!this.#life.rejects) events.warnUnheard(error);
          // The event needs no listener: another attempt follows.
          events.emitter.emit("error", error);
          if (!this.#life.rejects) events.announceReconnecting();
        },
        onError: (error) => events.fail(error),
      },
    );
  }

  /**
   * Connects as a device, and reconnects until `close()`. It first ends a life that runs, but does not end a listening
   * facade. Resolves with the first attempt's result: true after `onConnect` ran; else false, and `lastError()` says
   * why. It does not retry after a bad argument. It rejects only with `rejectOnFailure`, with the reason; nothing is
   * left running then.
   */
  async begin(transport: Dialer, options: BeginOptions = {}): Promise<boolean> {
    let rejects: unknown = false;
    try {
      const { signal, rejectOnFailure = false } = ownMembers(options);
      rejects = rejectOnFailure;
      if (typeof rejectOnFailure !== "boolean") refuseArgument("rejectOnFailure", rejects, "true or false");
      if (this.#server !== null)
        throw new UsmpError("INVALID_ARG", "this facade listens: close() it, or use another one to connect");
      return await this.#begin(transport, signal, rejectOnFailure);
    } catch (error) {
      const failure = this.#events.note(error);
      if (rejects === true) throw failure;
      // An aborted attempt needs no warning: the caller wanted it.
      if (failure.code !== "CLOSED") this.#events.warnUnheard(failure);
      return false;
    }
  }

  /** As `begin`, but returns at once. */
  beginAsync(transport: Dialer, options?: Pick<BeginOptions, "signal">): void {
    // In JavaScript, or passed in a variable, the options may hold rejectOnFailure; lastError() then has the reason.
    this.begin(transport, options).catch(() => {});
  }

  /**
   * Ends the session, if there is one, and dials now. Resolves with that attempt's result; false (NOT_CONNECTED) before
   * `begin()`.
   */
  async reconnect(): Promise<boolean> {
    if (this.#server !== null || this.#device.isIdle) {
      const idle = new UsmpError("NOT_CONNECTED", "there is no connection to renew: call begin() first");
      this.#events.note(this.#server === null ? idle : forDevices("reconnect()", "listen() again after close()"));
      return false;
    }
    return this.#device.reconnect().finally(() => this.maintain());
  }

  /**
   * Listens as a gateway. If one of the transports fails, it listens on none. Resolves with the addresses in use; port
   * 0 takes a free port. Rejects with TRANSPORT (the system's error as `cause`), INVALID_ARG, or CLOSED if `close()`
   * was called meanwhile.
   */
  async listen(...transports: AnyAcceptor[]): Promise<ListeningAddress[]> {
    try {
      if (this.#server !== null || !this.#device.isIdle)
        throw new UsmpError("INVALID_ARG", "this facade is in use: close() it, or use another one to listen");
      return await this.#listen(transports);
    } catch (error) {
      this.#events.note(error);
      throw error;
    }
  }

  /**
   * Ends this life: sends BYE on every session and resolves when nothing is left. No callback runs after that. You can
   * call it in any state. With `drain` it first waits until every message that a session has accepted has left. A
   * listening facade waits up to `graceMs` milliseconds (default 0) for callbacks that returned a promise.
   */
  async close(options: StopOptions = {}): Promise<void> {
    const { drain, graceMs } = ownMembers(options);
    graceOf({ graceMs });
    const life = this.#life;
    if (drainOf({ drain })) {
      this.#device.print.flush();
      await this.#device.drain();
      // If begin() has ended this life meanwhile, this call must not end the next one.
      if (this.#life !== life) return;
    }
    const server = this.#server;
    await Promise.all([this.#device.close(), server?.close({ drain, graceMs })]);
    life.end(closedByClose());
    // If another close() was faster, listen() may have created another server.
    if (server !== null && this.#server === server) {
      this.#server = null;
      this.#events.changeStatus({ state: "closed", reason: closedByClose() });
    }
    this.maintain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Runs the waiting callbacks of a `polled` facade; otherwise it does nothing. A loop around it must await something.
   */
  maintain(): void {
    this.#poll?.poll(() => {
      this.#device.inbox.flush();
      for (const session of this.#peers.keys()) this.#readOut(session);
    });
  }

  /**
   * Sends one message of at most 1808 bytes. True: the message is on its way, and arrives or `onDisconnect` follows.
   * False: nothing was sent, and `lastError()` says why; `stats().refusedSends` counts it, and the first of a run fires
   * `dropped`. In a loop, use `sendAsync`, which waits for room. On a listening facade, use `sendTo`, `broadcast`, or
   * the session.
   * @throws TypeError for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  send(data: Sendable): boolean {
    const message = toBytes(data);
    if (this.#server !== null) return this.#events.refuse(forDevices("send()", "sendTo() or broadcast()"));
    this.#device.print.flush();
    const refused = this.#device.outgoing.send(message);
    if (refused !== null) this.#events.note(refused);
    return refused === null;
  }

  /**
   * Waits for room, then sends. Resolves when the network has taken the message; rejects with the reason if it cannot.
   * Aborting `signal` withdraws a message that no session has accepted yet, and rejects with CLOSED.
   */
  async sendAsync(data: Sendable, options?: AbortOptions): Promise<void> {
    const message = toBytes(data);
    const signal = abortSignalOf(options);
    this.#requireDevice("sendAsync()", "session.sendAsync()");
    this.#device.print.flush();
    await this.#device.outgoing.sendAsync(message, signal);
  }

  /**
   * Collects text and sends it at each newline, at 452 bytes, on `flush()` and before a `send()`. Returns the byte
   * count; 0 without a session.
   */
  print(value: string | number | boolean | bigint): number {
    return this.write(toText(value));
  }

  /** As `print`, followed by CR and LF, as on the board. */
  println(value: string | number | boolean | bigint = ""): number {
    return this.write(`${toText(value)}\r\n`);
  }

  /** As `print`, for one byte, for bytes, or for text. */
  write(value: number | Sendable): number {
    const bytes = typeof value === "number" ? Uint8Array.of(value) : toBytes(value);
    if (this.#server !== null) this.#events.refuse(forDevices("print()", "sendTo() or broadcast()"));
    return this.#device.session === null ? 0 : this.#device.print.write(bytes);
  }

  /** Sends printed text that has not been sent yet. */
  flush(): void {
    this.#device.print.flush();
  }

  /** Returns whether a message waits to be read. */
  available(): boolean {
    this.#requireDevice("available()", "session.available()");
    return this.#device.inbox.available();
  }

  /** Takes the oldest waiting message; null if none waits. */
  read(): Uint8Array | null;
  /**
   * Copies the oldest waiting message into `into`, cut if it is too long. Returns the length in bytes, 0 if none waits.
   */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    this.#requireDevice("read()", "session.read()");
    return into === undefined ? this.#device.inbox.take() : this.#device.inbox.takeInto(into);
  }

  /** Takes the oldest waiting message as UTF-8 text; `""` if none waits. */
  readString(): string {
    this.#requireDevice("readString()", "session.readString()");
    return this.#device.inbox.takeString();
  }

  /** Stops delivering messages, and reading from the links, until `resume()`: in the end the senders have to stop. */
  pause(): void {
    this.#device.inbox.hold();
    this.#peersPaused = true;
    for (const session of this.#peers.keys()) session.pause();
  }

  resume(): void {
    this.#device.inbox.release();
    this.#peersPaused = false;
    for (const session of this.#peers.keys()) session.resume();
  }

  /** Sends a PING to the gateway; resolves with the round trip in milliseconds. */
  async ping(options?: PingOptions): Promise<number> {
    this.#requireDevice("ping()", "session.ping()");
    return this.#device.ping(options);
  }

  /** Rotates the session's keys; resolves when this end sends under the new ones. */
  async rekey(options?: AbortOptions): Promise<void> {
    const signal = abortSignalOf(options);
    this.#requireDevice("rekey()", "session.rekey()");
    await this.#device.requireSession().rekey({ signal });
  }

  /** Returns whether there is a session: a device's own, or at least one of a listening facade. */
  isConnected(): boolean {
    return this.#device.session !== null || this.#peers.size > 0;
  }

  /** The board's name for {@link isConnected}. */
  alive(): boolean {
    return this.isConnected();
  }

  /** As {@link isConnected}. */
  connected(): boolean {
    return this.isConnected();
  }

  /**
   * Resolves with the reason when `close()`, `maxAttempts`, `reconnect: false` or another `begin()` has ended this life
   * and nothing is left of it; never rejects. Each `begin()` or `listen()` starts a life with a promise of its own.
   */
  get closed(): Promise<UsmpError> {
    return this.#life.closed;
  }

  /** The current state. */
  state(): UsmpState {
    return this.#server === null ? this.#device.state : "listening";
  }

  /** This device's id, `"24:0a:c4:01:02:03"`; `""` before the first `begin()` if the id is random. */
  deviceId(): string {
    return this.#device.deviceId;
  }

  /** The session's id, 32 hex digits; `""` without one. */
  sessionId(): string {
    return this.#device.session?.sessionId ?? "";
  }

  /** Counts so far, over all sessions of this facade. */
  stats(): UsmpStats {
    const { refusedSends, lastError } = this.#events;
    const totals = this.#totals.stats();
    // A device's inbox counts the unread messages of the device's session itself.
    const unreadMessages = this.#device.inbox.length + (this.#server === null ? 0 : totals.unreadMessages);
    return facadeStats(totals, { ...this.#device.waiting, unreadMessages }, refusedSends.count, lastError);
  }

  /** The live sessions of a listening facade. @throws UsmpError INVALID_ARG on a device. */
  sessions(): UsmpSession[] {
    this.#requireGateway("sessions()", "the session that onConnect gets");
    return this.#server?.sessions() ?? [];
  }

  /**
   * The live session of one device on a listening facade, or null.
   * @throws UsmpError INVALID_ARG for a bad device id, and on a device.
   */
  session(deviceId: string): UsmpSession | null {
    parseDeviceId(deviceId);
    this.#requireGateway("session()", "the session that onConnect gets");
    return this.#server?.session(deviceId) ?? null;
  }

  /** Sends to one device; false if it has no session or no room, and `lastError()` says which. */
  sendTo(deviceId: string, data: Sendable): boolean {
    const message = toBytes(data);
    try {
      this.#requireGateway("sendTo()", "send()");
      const session = this.session(deviceId);
      if (session === null) throw new UsmpError("NOT_CONNECTED", `${deviceId} has no session`);
      this.#events.refusedSends.taken();
      return this.#sendOn(session, message);
    } catch (error) {
      return this.#events.refuse(toUsmpError(error));
    }
  }

  /**
   * Sends to every device. Returns the number of messages that are on their way.
   * @throws UsmpError INVALID_ARG on a device.
   */
  broadcast(data: Sendable): number {
    const message = toBytes(data);
    this.#requireGateway("broadcast()", "send()");
    return this.sessions().filter((session) => this.#sendOn(session, message)).length;
  }

  /** Lets the process end while this facade is in use. */
  unref(): void {
    this.#keepsProcess = false;
    this.#device.unref();
    this.#server?.unref();
  }

  /**
   * Yields the status now, then each change, up to the end of this life. Leaving the loop, also while it waits, changes
   * nothing.
   */
  status(): AsyncGenerator<UsmpStatus, void, undefined> {
    return this.#events.iterateStatus();
  }

  /** The last failure; null if there was none. Its `errno` is the board's number. */
  lastError(): UsmpError | null {
    return this.#events.lastError;
  }

  /** What the last failure was, and what to do about it. */
  lastErrorString(): string {
    const { lastError } = this.#events;
    return lastError === null ? "no error" : `${lastError.code}: ${lastError.message}`;
  }

  /** Sets the callback for every session that is established, the first and each later one; null clears it. */
  onConnect(callback: ((session: UsmpSession) => unknown) | null): void {
    this.#events.emitter.setCallback("connect", callback);
  }

  /** Sets the callback for each session but the first of a life; it runs before `onConnect`. Null clears it. */
  onReconnect(callback: ((session: UsmpSession) => unknown) | null): void {
    this.#events.emitter.setCallback("reconnect", callback);
  }

  /** Sets the callback for each whole, verified message; `data` is the callback's to keep. Null clears it. */
  onMessage(callback: ((data: Uint8Array, length: number, session: UsmpSession) => unknown) | null): void {
    this.#events.emitter.setCallback("message", callback);
  }

  /**
   * Sets the callback for the end of each session, with the reason; your own `close()` runs it, too. Null clears it.
   */
  onDisconnect(callback: ((reason: UsmpError, session: UsmpSession) => unknown) | null): void {
    this.#events.emitter.setCallback("disconnect", callback);
  }

  /** Sets the callback for failed attempts and for callbacks that failed; null clears it. */
  onError(callback: ((error: UsmpError) => unknown) | null): void {
    this.#events.emitter.setCallback("error", callback);
  }

  /**
   * Resolves with the first attempt's result; rejects if the attempt cannot even start. If `rejects`, a failure ends
   * this life.
   */
  async #begin(transport: Dialer, signal: AbortSignal | undefined, rejects: boolean): Promise<boolean> {
    const previous = this.#life;
    const beginning = this.#device.begin(transport, signal);
    const life = this.#life;
    // If the attempt cannot even start, the life that runs continues.
    if (life !== previous) life.rejects = rejects;
    const connected = await beginning.finally(() => this.maintain());
    life.rejects = false;
    if (connected || !rejects) return connected;
    if (this.#life === life) await this.close();
    throw life.failure ?? new UsmpError("CLOSED", "begin() was called off");
  }

  #beginLife(): Life {
    this.#life.end(new UsmpError("CLOSED", "begin() or listen() was called again"));
    return (this.#life = new Life());
  }

  #endLife(reason: UsmpError): void {
    const life = this.#life;
    void this.#device.ended().then(() => life.end(reason));
  }

  /** @throws UsmpError INVALID_ARG on a listening facade; its message names `instead` as the replacement. */
  #requireDevice(call: string, instead: string): void {
    if (this.#server !== null) throw this.#events.note(forDevices(call, instead));
  }

  /** @throws UsmpError INVALID_ARG on a device; its message names `instead` as the replacement. */
  #requireGateway(call: string, instead: string): void {
    if (this.#server !== null || this.#device.isIdle) return;
    throw this.#events.note(
      new UsmpError("INVALID_ARG", `${call} is for gateways, and this is a device: use ${instead}`),
    );
  }

  async #listen(transports: readonly AnyAcceptor[]): Promise<ListeningAddress[]> {
    if (transports.length === 0) {
      throw new UsmpError("INVALID_ARG", 'listen() needs a transport to listen on, such as Usmp.TCP("0.0.0.0")');
    }
    const server = new UsmpServer(this.#serverOptions, this.#createOwner());
    this.#server = server;
    const life = this.#beginLife();
    if (!this.#keepsProcess) server.unref();
    try {
      const addresses = await server.listen(...transports);
      this.#events.changeStatus({ state: "listening" });
      return addresses;
    } catch (error) {
      if (this.#server === server) this.#server = null;
      life.end(toUsmpError(error));
      throw error;
    }
  }

  #createOwner(): GatewayOwner {
    const { emitter, running } = this.#events;
    return {
      running,
      totals: this.#totals,
      onSession: (owned, again) => {
        const { session } = owned;
        this.#peers.set(session, owned);
        if (this.#peersPaused) session.pause();
        if (emitter.has("message")) this.#listenTo(owned);
        this.#announce(session, again);
      },
      onClosed: (reason, session) => {
        this.#peers.delete(session);
        this.#runOrWait(() => this.#readOut(session));
        emitter.emit("disconnect", reason, session);
      },
      onMessage: (data, session) => {
        if (this.#poll !== null || !emitter.has("message")) return false;
        emitter.emitNow("message", data, data.length, session);
        return true;
      },
      onDrain: (session) => emitter.emit("drain", session),
      // The server has logged it already, as it does with errors.
      onDropped: (reason, session) => emitter.emit("dropped", reason, session),
      onRefused: (reason, remoteAddress, deviceId) => emitter.emit("refused", reason, remoteAddress, deviceId),
      onError: (error) => emitter.report(error),
    };
  }

  #announce(session: UsmpSession, again: boolean): void {
    if (again) this.#events.emitter.emit("reconnect", session);
    this.#events.emitter.emit("connect", session);
  }

  #listenForMessages(): void {
    for (const owned of this.#peers.values()) this.#listenTo(owned);
    this.#device.inbox.listen();
  }

  #listenTo(owned: OwnedSession): void {
    // Both calls mark interest: a full inbox stops the device from now on, and drops nothing.
    if (this.#poll === null) owned.listen();
    else owned.session.available();
  }

  /** Delivers the messages that wait in the inbox of a session of a polled facade. */
  #readOut(session: UsmpSession): void {
    const { emitter } = this.#events;
    // Checked for each message: a callback may remove the last listener, or pause.
    while (this.#poll !== null && !this.#peersPaused && emitter.has("message")) {
      const data = session.read();
      if (data === null) return;
      emitter.emitNow("message", data, data.length, session);
    }
  }

  /** Runs `call` now. A polled facade runs it in its turn. */
  #runOrWait(call: () => void): void {
    if (this.#poll === null) call();
    else this.#poll.run(call);
  }

  #sendOn(session: UsmpSession, message: Uint8Array): boolean {
    const sent = session.send(message);
    if (!sent) this.#events.note(session.lastError);
    return sent;
  }
}

/** A facade's life, from `begin()` or `listen()` to its end. */
class Life {
  readonly closed: Promise<UsmpError>;
  end: (reason: UsmpError) => void = () => {};
  /** Whether `begin()` rejects if the running attempt fails; no other attempt follows then. */
  rejects = false;
  /** Why the newest attempt failed. */
  failure: UsmpError | null = null;

  constructor() {
    this.closed = new Promise((resolve) => (this.end = resolve));
  }
}

function forDevices(call: string, instead: string): UsmpError {
  return new UsmpError("INVALID_ARG", `${call} is for devices, and this facade listens: use ${instead}`);
}

function closedByClose(): UsmpError {
  return new UsmpError("CLOSED", "closed by close()");
}
