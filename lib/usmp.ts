import { ownMembers } from "./core/own-members.js";
import { toUsmpError, UsmpError } from "./errors.js";
import { parseDeviceId } from "./core/wire/device-id.js";
import { parseHexKey } from "./core/handshake/psk.js";
import { Device } from "./device/device.js";
import { checkDeviceSettings, DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "./device/dial.js";
import type { DeviceIdOption } from "./device/identity.js";
import { parseReconnect, type BackoffOptions, type DelayFunction } from "./device/reconnect-machine.js";
import { checkGatewaySettings, DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from "./gateway/accept.js";
import { parseOfflineQueue, type OfflineQueueOptions } from "./device/offline-queue.js";
import { Fleet } from "./gateway/fleet.js";
import type { ListeningAddress, StopOptions, UsmpServerOptions } from "./gateway/server.js";
import { EventLog } from "./session/event-log.js";
import { facadeStats, SessionTotals, type UsmpStats } from "./session/stats.js";
import type { UsmpStatus } from "./session/status.js";
import { CallbackEmitter, type UsmpEvents } from "./session/callback-emitter.js";
import { toBytes, toText, type Sendable } from "./session/message.js";
import { checkKnown, graceOf, withDefaults, type Given } from "./session/options.js";
import { createPskLookup, keepKeys, type PskSource } from "./session/psk-source.js";
import type { UsmpSession } from "./session/session.js";
import { TcpTransport } from "./transport/tcp.js";
import { UdpTransport, type UdpOptions } from "./transport/udp.js";
import type { AnyAcceptor, Dialer } from "./transport/transport.js";

export interface UsmpOptions extends Given<DeviceSettings>, Given<GatewaySettings> {
  /** Random by default, then kept for the life of the facade; `"mac"` takes the machine's MAC address, as on a board. */
  readonly deviceId?: DeviceIdOption | undefined;
  /** How a device reconnects after a loss; false turns reconnecting off. */
  readonly reconnect?: Given<BackoffOptions> | DelayFunction | false | undefined;
  /** Holds messages while there is no session, up to a bound; off by default. A message that is given up fires `dropped`. */
  readonly offlineQueue?: Given<OfflineQueueOptions> | undefined;
  /** Runs callbacks only within `maintain()`, as on a board, and just before `begin()` and `reconnect()` resolve. */
  readonly polled?: boolean | undefined;
}

/** The state of a facade: a device's, or "listening". */
export type UsmpState = "idle" | "opening" | "handshaking" | "established" | "backoff" | "closed" | "listening";

/**
 * USMP in the style of the Arduino library: four callbacks, `begin()` for a device, `listen()` for a gateway. The event
 * loop drives it, and a device that lost its session reconnects. `on`, `once` and `off` give you the same events.
 */
export class Usmp extends CallbackEmitter implements AsyncDisposable {
  readonly #device: Device;
  readonly #serverOptions: UsmpServerOptions;
  readonly #totals = new SessionTotals();
  #fleet: Fleet | null = null;
  #keepsProcess = true;

  /** TCP, to dial `host` or to listen on it. Port 9000 by default. `.wifi(ssid, password)` is accepted, as on the board. */
  static TCP(host: string, port?: number): TcpTransport {
    return new TcpTransport(host, port);
  }

  /** UDP, otherwise as `TCP`; with `ipv6Only`, `"::"` leaves IPv4 out. docs/udp.md says what it promises. */
  static UDP(host: string, port?: number, options?: UdpOptions): UdpTransport {
    return new UdpTransport(host, port, options);
  }

  /** Decodes a key from an even number of hex digits. A plain string as a key stands for its text, never for hex. */
  static hex(digits: string): Uint8Array {
    return parseHexKey(digits);
  }

  /** @throws UsmpError INVALID_ARG for a bad key or option, naming what was given (never the key) and what is allowed. */
  constructor(psk: PskSource, options: UsmpOptions = {}) {
    const { deviceId, reconnect, offlineQueue, polled = false, ...given } = ownMembers(options);
    super(polled);
    checkKnown(given, DEFAULT_DEVICE_SETTINGS, DEFAULT_GATEWAY_SETTINGS, { deviceId, reconnect, offlineQueue, polled });
    const settings = withDefaults<DeviceSettings>(DEFAULT_DEVICE_SETTINGS, given);
    checkDeviceSettings(settings);
    const gatewaySettings = withDefaults<GatewaySettings>(DEFAULT_GATEWAY_SETTINGS, given);
    checkGatewaySettings(gatewaySettings);
    this.logTo(new EventLog(gatewaySettings.logger, gatewaySettings.clock, gatewaySettings.maxLogLinesPerSecond));
    const backoff = parseReconnect(reconnect);
    const keys = keepKeys(psk);
    this.#serverOptions = { ...gatewaySettings, psk: keys };
    this.#device = new Device(
      {
        lookupPsk: createPskLookup(keys),
        settings,
        backoff,
        deviceId,
        offlineQueue: parseOfflineQueue(offlineQueue),
        refusedSends: this.refusedSends,
      },
      {
        onConnect: (session, again) => {
          this.#totals.add(session, again);
          this.#announce(session, again);
          this.runOrWait(() => this.#device.outgoing.flush());
        },
        onDisconnect: (reason, session) => {
          this.note(reason);
          // What arrived before the end is told before the end, also where it waits for a poll.
          this.runOrWait(() => this.#device.flush(session));
          this.dispatch("disconnect", reason, session);
          this.tellReconnecting();
        },
        onMessage: (data, session) => this.runsAtOnce && this.#tell(data, session),
        onDrain: (session) => this.dispatch("drain", session),
        onDropped: (reason, session) => this.tellDropped(reason, session),
        onStatus: (status) => this.tellStatus(status),
        onFailed: (error) => {
          this.note(error);
          this.warnUnheard(error);
          // Nobody has to listen: another attempt follows.
          this.dispatch("error", error);
          this.tellReconnecting();
        },
        onError: (error) => this.reportError(error),
      },
    );
  }

  /**
   * Connects as a device, and reconnects until `close()`. Legal in any state: it ends what runs first.
   * Resolves with the first attempt's result: true after `onConnect` ran, else false, and `lastError()` says why. It does not
   * retry a bad argument. Aborting `signal`, at any time, acts like `close()`. Never rejects.
   */
  async begin(transport: Dialer, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<boolean> {
    try {
      const { signal } = ownMembers(options);
      if (this.#fleet !== null)
        throw new UsmpError("INVALID_ARG", "this facade listens: close() it, or use another one to connect");
      return await this.#device.begin(transport, signal).finally(() => this.maintain());
    } catch (error) {
      const failure = this.note(error);
      // One that was aborted is what its caller wanted.
      if (failure.code !== "CLOSED") this.warnUnheard(failure);
      return false;
    }
  }

  /** As `begin`, but returns at once. */
  beginAsync(transport: Dialer, options?: { readonly signal?: AbortSignal | undefined }): void {
    void this.begin(transport, options);
  }

  /** Ends the session, if any, and dials now. Resolves with that attempt's result; false (NOT_CONNECTED) before `begin()`. */
  async reconnect(): Promise<boolean> {
    if (this.#device.isIdle) {
      this.note(new UsmpError("NOT_CONNECTED", "there is no connection to renew: call begin() first"));
      return false;
    }
    return this.#device.reconnect().finally(() => this.maintain());
  }

  /**
   * Listens as a gateway, on all the transports or on none. Resolves with the addresses in use; port 0 takes a free one.
   * Rejects with TRANSPORT (the system's error as `cause`), INVALID_ARG, or CLOSED if `close()` came meanwhile.
   */
  async listen(...transports: AnyAcceptor[]): Promise<ListeningAddress[]> {
    try {
      if (this.#fleet !== null || !this.#device.isIdle)
        throw new UsmpError("INVALID_ARG", "this facade is in use: close() it, or use another one to listen");
      return await this.#listen(transports);
    } catch (error) {
      this.note(error);
      throw error;
    }
  }

  /**
   * Ends this life: sends BYE on every session and resolves when nothing is left. No callback runs after that. Legal in any
   * state. A listening facade waits up to `graceMs` (default 0) for callbacks that returned a promise.
   */
  async close(options: StopOptions = {}): Promise<void> {
    graceOf(options);
    const fleet = this.#fleet;
    await Promise.all([this.#device.close(), fleet?.stop(options)]);
    // A close() that was faster may have made way for another fleet.
    if (fleet !== null && this.#fleet === fleet) {
      this.#fleet = null;
      this.tellStatus({ state: "closed", reason: new UsmpError("CLOSED", "closed by close()") });
    }
    this.maintain();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs the waiting callbacks of a `polled` facade; harmless otherwise. A loop around it must await something. */
  maintain(): void {
    this.runWaiting(() => {
      this.#device.inbox.flush();
      for (const session of this.sessions()) this.#fleet?.readOut(session);
    });
  }

  /**
   * Sends one message of at most 1808 bytes. True: it is on its way, and arrives or `onDisconnect` follows. False: nothing
   * was sent, and `lastError()` says why; `stats().refusedSends` counts it, and the first of a run fires `dropped`. In a loop,
   * use `sendAsync`, which waits for room. On a listening facade, use `sendTo`, `broadcast`, or the session.
   * @throws TypeError for anything but a string, a Uint8Array or an ArrayBuffer.
   */
  send(data: Sendable): boolean {
    const message = toBytes(data);
    if (this.#fleet !== null)
      return this.refuse(
        new UsmpError("INVALID_ARG", "a listening facade has many sessions: use sendTo() or broadcast()"),
      );
    this.#device.print.flush();
    const refused = this.#device.outgoing.send(message);
    if (refused !== null) this.note(refused);
    return refused === null;
  }

  /** Waits for room, then sends. Resolves when the network has taken the message; rejects with the reason if it cannot. */
  async sendAsync(data: Sendable): Promise<void> {
    const message = toBytes(data);
    this.#device.print.flush();
    await this.#device.outgoing.sendAsync(message);
  }

  /** Collects text and sends it at each newline, at 452 bytes, on `flush()` and before a `send()`. Returns the byte count; 0 offline. */
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
    return this.#device.session === null ? 0 : this.#device.print.write(bytes);
  }

  /** Sends printed text that has not been sent yet. */
  flush(): void {
    this.#device.print.flush();
  }

  /** Whether a message waits to be read. */
  available(): boolean {
    return this.#device.inbox.available();
  }

  /** The oldest waiting message, or null. */
  read(): Uint8Array | null;
  /** Copies the oldest waiting message into `into`, cut if it is too long. Returns the length copied, 0 if none waits. */
  read(into: Uint8Array): number;
  read(into?: Uint8Array): Uint8Array | number | null {
    return into === undefined ? this.#device.inbox.take() : this.#device.inbox.takeInto(into);
  }

  /** The oldest waiting message as UTF-8 text, `""` if none waits. */
  readString(): string {
    return this.#device.inbox.takeString();
  }

  /** Stops delivering messages until `resume()`; unread messages stop the senders in the end. */
  pause(): void {
    this.#device.pause();
    this.#fleet?.pause();
  }

  resume(): void {
    this.#device.resume();
    this.#fleet?.resume();
  }

  /** Asks the gateway for a sign of life; resolves with the round trip in milliseconds. */
  async ping(options?: { readonly timeoutMs?: number | undefined }): Promise<number> {
    return this.#device.ping(options);
  }

  /** Rotates the session's keys; resolves when this end sends under the new ones. */
  async rekey(): Promise<void> {
    await this.#device.requireSession().rekey();
  }

  /** Whether there is a session: a device's own, or, listening, at least one. */
  alive(): boolean {
    return this.#device.session !== null || this.sessions().length > 0;
  }

  /** As `alive`. */
  connected(): boolean {
    return this.alive();
  }

  /** The current state. */
  state(): UsmpState {
    return this.#fleet === null ? this.#device.state : "listening";
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
    return facadeStats(this.#totals.stats(), this.#device.waiting, this.refusedSends.count, this.lastFailure);
  }

  /** The live sessions of a listening facade. */
  sessions(): UsmpSession[] {
    return this.#fleet?.sessions() ?? [];
  }

  /** A device's live session on a listening facade, or null. @throws UsmpError INVALID_ARG where that is no device id. */
  session(deviceId: string): UsmpSession | null {
    parseDeviceId(deviceId);
    return this.#fleet?.session(deviceId) ?? null;
  }

  /** Sends to one device; false if it has no session or no room, and `lastError()` says which. */
  sendTo(deviceId: string, data: Sendable): boolean {
    const message = toBytes(data);
    try {
      const session = this.session(deviceId);
      if (session === null) throw new UsmpError("NOT_CONNECTED", `${deviceId} has no session`);
      this.refusedSends.taken();
      return this.#sendOn(session, message);
    } catch (error) {
      return this.refuse(toUsmpError(error));
    }
  }

  /** Sends to every device. Returns how many of the messages are on their way. */
  broadcast(data: Sendable): number {
    const message = toBytes(data);
    return this.sessions().filter((session) => this.#sendOn(session, message)).length;
  }

  /** Lets the process end while this facade is in use. */
  unref(): void {
    this.#keepsProcess = false;
    this.#device.unref();
    this.#fleet?.unref();
  }

  /** @internal */
  protected override currentStatus(): UsmpStatus {
    return this.#fleet === null ? this.#device.status : { state: "listening" };
  }

  /** @internal */
  protected override listenerAdded(event: keyof UsmpEvents): void {
    if (event !== "message") return;
    this.#fleet?.listenToAll();
    this.#device.inbox.listen();
  }

  async #listen(transports: readonly AnyAcceptor[]): Promise<ListeningAddress[]> {
    const fleet: Fleet = new Fleet(this.#serverOptions, this.polled, this.#totals, {
      onConnect: (session, again) => this.#announce(session, again),
      onDisconnect: (reason, session) => {
        this.runOrWait(() => fleet.readOut(session));
        this.dispatch("disconnect", reason, session);
      },
      onMessage: (data, session) => void this.#tell(data, session),
      onDrain: (session) => this.dispatch("drain", session),
      // In the log of the server already.
      onDropped: (reason, session) => this.dispatch("dropped", reason, session),
      onRefused: (reason, remoteAddress) => this.dispatch("refused", reason, remoteAddress),
      onError: (error) => this.reportLogged(error),
      wantsMessages: () => this.hasListeners("message"),
    });
    this.#fleet = fleet;
    this.countHandlersIn(fleet.handlers);
    if (!this.#keepsProcess) fleet.unref();
    try {
      const addresses = await fleet.listen(transports);
      this.tellStatus({ state: "listening" });
      return addresses;
    } catch (error) {
      if (this.#fleet === fleet) this.#fleet = null;
      throw error;
    }
  }

  #announce(session: UsmpSession, again: boolean): void {
    if (again) this.dispatch("reconnect", session);
    this.dispatch("connect", session);
  }

  #tell(data: Uint8Array, session: UsmpSession): boolean {
    if (!this.hasListeners("message")) return false;
    this.dispatchNow("message", data, data.length, session);
    return true;
  }

  #sendOn(session: UsmpSession, message: Uint8Array): boolean {
    const sent = session.send(message);
    if (!sent) this.note(session.lastError);
    return sent;
  }
}
