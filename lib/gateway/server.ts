import { requireSignal } from "../core/arguments.js";
import { hasMember, ownMembers } from "../core/own-members.js";
import type { Timer } from "../core/clock.js";
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import { guardCrypto } from "../core/guarded-crypto.js";
import type { GatewayHandshakeOptions } from "../core/handshake/psk-verifier.js";
import { KEY_LENGTH } from "../core/wire/wire.js";
import { loadCrypto } from "../crypto/index.js";
import { causeText, isUsmpError, toUsmpError, UsmpError } from "../errors.js";
import { droppedFields, errorFields, EventLog, type LogFields } from "../session/event-log.js";
import { Emitter, Subscribable, type EventNames } from "../session/emitter.js";
import {
  checkKnown,
  drainOf,
  graceOf,
  requireOptions,
  withDefaults,
  type CloseOptions,
  type Given,
} from "../session/options.js";
import { createKeyLookup, isPskStore, type PskSource, type PskStore } from "../session/psk-source.js";
import { SessionTotals, type ServerStats } from "../session/stats.js";
import { RunningHandlers } from "../session/running-handlers.js";
import type { OwnedSession, SessionOwner, UsmpSession } from "../session/session.js";
import { requireAcceptor } from "../transport/contained.js";
import { ContainedLink } from "../transport/contained-link.js";
import { TcpTransport } from "../transport/tcp.js";
import type { Acceptor, AnyAcceptor, Link, Listener as TransportListener } from "../transport/transport.js";
import { checkGatewaySettings, DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from "./accept.js";
import { UdpDemultiplexer } from "./udp/udp-demultiplexer.js";
import { LruMap } from "./admission/lru-map.js";
import { KeyPairPool } from "./key-pair-pool.js";
import { SessionAcceptor } from "./session-acceptor.js";
import { ListenerGroup, type ListeningAddress } from "./listener-group.js";

export type { ListeningAddress };

export interface UsmpServerOptions extends Given<GatewaySettings> {
  /**
   * A key, a table by device id (`"*"` is the default), a function that finds one, or a store such as `KeyFile`. Keys
   * are copied.
   */
  readonly psk: PskSource;
  /** Where `listen()` and `serve()` listen without arguments. Default: every address, port 9000. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export interface StopOptions extends CloseOptions {
  /** How many milliseconds to wait for callbacks that returned a promise. Default 0. */
  readonly graceMs?: number | undefined;
}

/** The events of a gateway. */
export interface ServerEvents {
  /**
   * Something failed outside of your calls, such as a callback that threw, or a key lookup. Without a listener,
   * the process emits a warning.
   */
  error: [error: UsmpError];
  /**
   * A device has proved its key. The session continues after the handler returns. `again`: this device had a session
   * before; the gateway remembers 65,536 devices.
   */
  session: [session: UsmpSession, again: boolean];
  /** A session ended with TIMEOUT: its device was silent for too long, or acknowledged nothing. */
  timeout: [deviceId: string, sessionId: string];
  /** Messages were lost on a session: see {@link SessionEvents.dropped}. */
  dropped: [reason: UsmpError, session: UsmpSession];
  /** A handshake failed. `deviceId` is the id that the peer claimed, null if it did not get that far. */
  refused: [error: UsmpError, remoteAddress: string, deviceId: string | null];
}

/**
 * The facade of a gateway: what the gateway borrows from it, and the calls it gets before the gateway's own listeners.
 */
export interface GatewayOwner extends Required<Pick<SessionOwner, "running" | "onMessage" | "onDrain">> {
  /** Counts the sessions. */
  readonly totals: SessionTotals;
  readonly onSession: (session: OwnedSession, again: boolean) => void;
  readonly onDropped: (reason: UsmpError, session: UsmpSession) => void;
  readonly onClosed: (reason: UsmpError, session: UsmpSession) => void;
  readonly onRefused: (error: UsmpError, remoteAddress: string, deviceId: string | null) => void;
  /** Gets the errors that have no listener on the gateway; the log has them already. */
  readonly onError: (error: UsmpError) => void;
}

const SERVER_EVENTS: EventNames<ServerEvents> = {
  dropped: true,
  error: true,
  refused: true,
  session: true,
  timeout: true,
};

/** More devices than one gateway serves. Past this, it forgets the device that connected longest ago. */
const MAX_KNOWN_DEVICES = 65_536;

/**
 * A gateway in promise style, like the Python SDK's server.
 *
 *     const server = new UsmpServer({ psk, port: 9000 });
 *     server.onSession(async (session) => {
 *       for await (const message of session) await session.sendAsync(message);
 *     });
 *     await server.serve();
 */
export class UsmpServer extends Subscribable<ServerEvents> implements AsyncDisposable {
  readonly #events: Emitter<ServerEvents>;
  readonly #owner: GatewayOwner | null;
  readonly #settings: GatewaySettings;
  readonly #store: PskStore | null;
  readonly #defaultAcceptor: Acceptor;
  readonly #log: EventLog;
  readonly #reception: SessionAcceptor;
  #run: ListenerGroup | null = null;
  /** The run that takes no more handshakes, and waits until its messages are sent. */
  #draining: ListenerGroup | null = null;
  /** Devices that had a session before. */
  readonly #known = new LruMap<true>(MAX_KNOWN_DEVICES);
  readonly #totals: SessionTotals;
  /** Settles when everything that `close` stops has stopped. */
  #stopping: Promise<unknown> = Promise.resolve();
  #keepsProcess = true;
  #lastError: UsmpError | null = null;
  /** Callbacks in progress, of the gateway, of its sessions and of its owner. */
  readonly #running: RunningHandlers;

  /** @throws UsmpError INVALID_ARG for a bad key or option, naming the value (never the key) and the allowed ones. */
  constructor(options: UsmpServerOptions);
  // A separate overload, because the declarations omit it.
  // eslint-disable-next-line @typescript-eslint/unified-signatures
  /** @internal */ constructor(options: UsmpServerOptions, owner: GatewayOwner | null);
  constructor(options: UsmpServerOptions, owner: GatewayOwner | null = null) {
    const running = owner?.running ?? new RunningHandlers();
    const events: Emitter<ServerEvents> = new Emitter(SERVER_EVENTS, { running, onUnheard: owner?.onError });
    super(events);
    this.#events = events;
    this.#running = running;
    this.#owner = owner;
    this.#totals = owner?.totals ?? new SessionTotals();
    requireOptions(options, "an object with psk");
    const { psk, host = "0.0.0.0", port = 9000, ...settings } = ownMembers(options);
    const lookupKeys = createKeyLookup(psk);
    this.#store = isPskStore(psk) ? psk : null;
    checkKnown(settings, DEFAULT_GATEWAY_SETTINGS, { psk, host, port });
    this.#settings = withDefaults<GatewaySettings>(DEFAULT_GATEWAY_SETTINGS, settings);
    checkGatewaySettings(this.#settings);
    this.#defaultAcceptor = new TcpTransport(host, port);
    const { logger, clock, maxLogLinesPerSecond, metrics } = this.#settings;
    this.#log = new EventLog(logger, clock, maxLogLinesPerSecond, metrics);
    this.#reception = new SessionAcceptor(this.#settings, lookupKeys, this.#log, {
      owner: this.#createSessionOwner(),
      onSession: (session) => {
        const { deviceId } = session.session;
        const again = this.#known.get(deviceId) === true;
        this.#known.set(deviceId, true);
        this.#totals.add(session.session, again);
        owner?.onSession(session, again);
        events.emit("session", session.session, again);
      },
      onRefused: (error, remoteAddress, deviceId) => {
        owner?.onRefused(error, remoteAddress, deviceId);
        events.emit("refused", error, remoteAddress, deviceId);
      },
      // A lookup may fail long after the gateway has stopped; then its error is dropped.
      onLookupFailed: (error) => this.#run !== null && this.#reportTrouble("lookup.error", error),
    });
  }

  /** Sets the one handler for new sessions, replacing the last; null clears it. "error" gets what it throws. */
  onSession(handler: ((session: UsmpSession, again: boolean) => unknown) | null): void {
    this.#events.setCallback("session", handler);
  }

  /** Sets the one handler for sessions that went silent; null clears it. */
  onTimeout(handler: ((deviceId: string, sessionId: string) => unknown) | null): void {
    this.#events.setCallback("timeout", handler);
  }

  /** Sets the one handler for errors outside of any call; null clears it. */
  onError(handler: ((error: UsmpError) => unknown) | null): void {
    this.#events.setCallback("error", handler);
  }

  /** The live sessions, one per device. */
  sessions(): UsmpSession[] {
    return [...this.#reception.sessions.values()].map(({ session }) => session);
  }

  /** The live session of a device, or null. @throws UsmpError INVALID_ARG if `deviceId` is not a device id. */
  session(deviceId: string): UsmpSession | null {
    return this.#reception.sessions.get(formatDeviceId(parseDeviceId(deviceId)))?.session ?? null;
  }

  /** Counts so far, over all sessions of this gateway. */
  stats(): ServerStats {
    return this.#totals.stats();
  }

  /**
   * The last failure outside of a session: why `listen()` failed, or the error of the last "error" event; null if none.
   */
  get lastError(): UsmpError | null {
    return this.#lastError;
  }

  get isListening(): boolean {
    return this.#run !== null;
  }

  /**
   * Listens on all the given transports, by default on `host` and `port`; if one fails, on none. Resolves with the
   * addresses in use.
   * @throws UsmpError as a rejection: TRANSPORT (the system's error as `cause`), INVALID_ARG if it listens already, or
   * CLOSED if it was stopped meanwhile.
   */
  async listen(...acceptors: AnyAcceptor[]): Promise<ListeningAddress[]> {
    if (this.#run !== null) throw new UsmpError("INVALID_ARG", "this gateway listens already: call stop() first");
    acceptors.forEach(requireAcceptor);
    const { clock, closeTimeoutMs } = this.#settings;
    const onError = (error: UsmpError): void => this.#reportTrouble("listener.error", error);
    const run = new ListenerGroup({ clock, closeTimeoutMs, onError });
    this.#run = run;
    try {
      const { cipher, ciphers = [cipher] } = this.#settings;
      const crypto = guardCrypto(this.#settings.crypto ?? (await loadCrypto(ciphers)));
      const keyPairs = new KeyPairPool(crypto, clock);
      run.onEnd(() => keyPairs.close());
      const decoyPsk = crypto.randomBytes(KEY_LENGTH);
      run.onEnd(() => void decoyPsk.fill(0));
      const secrets = { crypto, decoyPsk, takeKeyPair: () => keyPairs.take() };
      const wanted = acceptors.length > 0 ? acceptors : [this.#defaultAcceptor];
      await run.open(wanted, (acceptor) => this.#open(acceptor, secrets, run));
      const store = hasMember(this.#store, "onRevoked") ? this.#store : null;
      const ignoreRevoked = store?.onRevoked?.(this.#reception.revoke);
      if (ignoreRevoked !== undefined) run.onEnd(() => this.#leaveStore(ignoreRevoked));
      if (!this.#keepsProcess) run.unref();
      for (const { transport, address, port } of run.addresses)
        this.#log.log("info", "gateway.listening", () => ({ transport, address, port }));
      return run.addresses;
    } catch (error) {
      this.#lastError = toUsmpError(error);
      if (this.#run === run) await this.close();
      throw error;
    }
  }

  /** Listens, unless it does already. Resolves once it is stopped or `signal` aborts; rejects if it cannot listen. */
  async serve(options: StopOptions & { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal, ...stopOptions } = ownMembers(options);
    requireSignal(signal);
    graceOf(stopOptions);
    drainOf(stopOptions);
    if (signal?.aborted === true) return;
    const stop = (): void => void this.close(stopOptions);
    signal?.addEventListener("abort", stop);
    try {
      if (this.#run === null) await this.listen();
      await this.#run?.ended;
    } catch (error) {
      // A stop before it listened counts as a stop, too.
      if (!isUsmpError(error) || error.code !== "CLOSED") throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /**
   * Takes no new handshakes, ends every session with BYE, waits up to `graceMs` (default 0) for callbacks that returned
   * a promise, and resolves when nothing is left. With `drain` it first waits until every message that a session has
   * accepted is sent. Idempotent: a second call without grace does not shorten the first.
   */
  async close(options: StopOptions = {}): Promise<void> {
    const { drain, ...graceOptions } = ownMembers(options);
    const graceMs = graceOf(graceOptions);
    const listening = this.#run;
    if (drainOf({ drain })) {
      this.#draining = listening;
      await Promise.all([...this.#reception.sessions.values()].map((owned) => owned.drain()));
    }
    const run = this.#run;
    // The gateway was closed meanwhile and listens again; this call must not end that run.
    if (run !== null && run !== listening) return void (await this.#stopping);
    this.#run = null;
    if (run !== null) this.#log.log("info", "gateway.stopping", () => ({ sessions: this.#reception.sessions.size }));
    const closed = new UsmpError("CLOSED", "the gateway stopped");
    const left = Promise.all([run?.close(), this.#reception.close(closed), this.#handlersDone(graceMs)]);
    // A second call waits for the first one, too.
    this.#stopping = Promise.all([this.#stopping, left]);
    try {
      await this.#stopping;
    } finally {
      run?.end();
    }
  }

  /** The Python SDK's name for {@link close}. */
  stop(options?: StopOptions): Promise<void> {
    return this.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets the process end while the gateway listens. */
  unref(): void {
    this.#keepsProcess = false;
    this.#run?.unref();
    this.#reception.unref();
  }

  async #handlersDone(graceMs: number): Promise<void> {
    if (graceMs === 0) return;
    const { clock } = this.#settings;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => (timer = clock.after(graceMs, resolve)));
    await Promise.race([this.#running.idle(), late]);
    timer?.cancel();
  }

  #open(acceptor: AnyAcceptor, secrets: GatewayHandshakeOptions, run: ListenerGroup): Promise<TransportListener> {
    const onError = (error: unknown): void => this.#reportTrouble("listener.error", toUsmpError(error));
    const onLink = (given: Link, onEstablished: () => void): void => {
      let link: ContainedLink;
      try {
        link = new ContainedLink(given, this.#settings);
      } catch (error) {
        onError(error);
        return;
      }
      // A link may arrive while the gateway stops, or later, from a transport that still accepts after its close.
      if (this.#run === run && this.#draining !== run) this.#reception.accept(link, secrets, onEstablished);
      else link.destroy();
    };
    if (acceptor.carries !== "datagrams") return acceptor.listen({ onLink: (link) => onLink(link, () => {}), onError });
    return UdpDemultiplexer.listen(acceptor, secrets.crypto, this.#settings, { onLink, onError });
  }

  #createSessionOwner(): SessionOwner {
    const owner = this.#owner;
    return {
      running: this.#running,
      ...(owner && { onMessage: owner.onMessage, onDrain: owner.onDrain }),
      onDropped: (reason, session) => {
        this.#log.log("warn", "message.dropped", () => droppedFields(reason, session));
        owner?.onDropped(reason, session);
        this.#events.emit("dropped", reason, session);
      },
      onClosed: (reason, session) => {
        const { deviceId, sessionId } = session;
        this.#totals.end(session);
        if (reason.code === "TIMEOUT") this.#events.emit("timeout", deviceId, sessionId);
        owner?.onClosed(reason, session);
      },
      onError: (error, { deviceId, sessionId }) => this.#reportTrouble("handler.error", error, { deviceId, sessionId }),
    };
  }

  /** An error thrown by the user's store must not keep a stop from completing. */
  #leaveStore(ignoreRevoked: () => void): void {
    try {
      ignoreRevoked();
    } catch (cause) {
      this.#reportTrouble(
        "store.error",
        new UsmpError("HANDLER", `the PSK store failed: ${causeText(cause)}`, { cause }),
      );
    }
  }

  #reportTrouble(event: string, error: UsmpError, where: LogFields = {}): void {
    this.#lastError = error;
    this.#log.log("error", event, () => ({ ...where, ...errorFields(error) }));
    this.#events.report(error);
  }
}
