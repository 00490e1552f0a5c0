import { parseDeviceId, formatDeviceId } from "../core/device-id.js";
import type { GatewayHandshakeOptions } from "../core/gateway-proof.js";
import { KEY_LENGTH } from "../core/wire.js";
import { loadCrypto } from "../crypto/index.js";
import { isUsmpError, UsmpError } from "../errors.js";
import type { SessionDriver } from "../session/driver.js";
import { GuardedEmitter, type EventMap, type Listener } from "../session/guarded-emitter.js";
import { checkKnown, withDefaults } from "../session/options.js";
import { createKeyLookup, type KeyLookup, type PskSource } from "../session/psk-source.js";
import type { UsmpSession } from "../session/session.js";
import { TcpTransport } from "../transport/tcp.js";
import type { Acceptor, AnyAcceptor, Link, Listener as TransportListener } from "../transport/transport.js";
import { DatagramFront } from "./datagram-front.js";
import { Run, type ListeningAddress } from "./run.js";
import { acceptSession, checkGatewaySettings, DEFAULT_GATEWAY_SETTINGS, type GatewaySettings } from "./accept.js";
import { Admission } from "./admission.js";
import { LearnedCiphers } from "./learned-ciphers.js";

export type { ListeningAddress };

export interface UsmpServerOptions extends Partial<GatewaySettings> {
  /** A key, a table by device id (`"*"` the default), or a function that finds one. Copied. */
  readonly psk: PskSource;
  /** Where `listen()` and `serve()` listen without arguments: every address, port 9000. */
  readonly host?: string;
  readonly port?: number;
}

/** What a gateway tells. */
export interface ServerEvents extends EventMap {
  /** A device has proved its key. The session lives on when the handler returns. */
  session: [session: UsmpSession];
  /** A session ended because nothing was heard of its device. */
  timeout: [deviceId: string, sessionId: string];
  /** A handshake came to nothing: for counting, and for logs. */
  refused: [error: UsmpError, remoteAddress: string];
}

/**
 * A gateway in promise style, as the Python SDK's server.
 *
 *     const server = new UsmpServer({ psk, port: 9000 });
 *     server.onSession(async (session) => {
 *       for await (const message of session) await session.sendAsync(message);
 *     });
 *     await server.serve();
 */
export class UsmpServer extends GuardedEmitter<ServerEvents> implements AsyncDisposable {
  readonly #lookupKeys: KeyLookup;
  readonly #settings: GatewaySettings;
  readonly #defaultAcceptor: Acceptor;
  readonly #admission: Admission;
  readonly #learnedCiphers = new LearnedCiphers();
  readonly #sessions = new Map<string, UsmpSession>();
  /** Every open connection, in its handshake or established. */
  readonly #drivers = new Set<SessionDriver>();
  #run: Run | null = null;
  /** Settles when everything that was told to stop has stopped. */
  #stopping: Promise<unknown> = Promise.resolve();
  #keepsProcess = true;

  /** @throws UsmpError INVALID_ARG for a bad key or option, naming what was given (never the key) and what is allowed. */
  constructor({ psk, host = "0.0.0.0", port = 9000, ...settings }: UsmpServerOptions) {
    super();
    this.#lookupKeys = createKeyLookup(psk);
    checkKnown(settings, DEFAULT_GATEWAY_SETTINGS, { psk, host, port });
    this.#settings = withDefaults<GatewaySettings>(DEFAULT_GATEWAY_SETTINGS, settings);
    checkGatewaySettings(this.#settings);
    this.#defaultAcceptor = new TcpTransport(host, port);
    this.#admission = new Admission(this.#settings.maxConnections, this.#settings.maxConnectionsPerIp);
  }

  /** Sets the one handler for new sessions, in place of the last; null clears it. What it throws goes to "error". */
  onSession(handler: Listener<ServerEvents["session"]> | null): void {
    this.setCallback("session", handler);
  }

  /** Sets the one handler for sessions that went silent; null clears it. */
  onTimeout(handler: Listener<ServerEvents["timeout"]> | null): void {
    this.setCallback("timeout", handler);
  }

  /** Sets the one handler for errors outside of any call; null clears it. */
  onError(handler: Listener<ServerEvents["error"]> | null): void {
    this.setCallback("error", handler);
  }

  /** The live sessions, one per device. */
  sessions(): UsmpSession[] {
    return [...this.#sessions.values()];
  }

  /** The live session of a device, or null. @throws UsmpError INVALID_ARG where that is no device id. */
  session(deviceId: string): UsmpSession | null {
    return this.#sessions.get(formatDeviceId(parseDeviceId(deviceId))) ?? null;
  }

  get isListening(): boolean {
    return this.#run !== null;
  }

  /**
   * Starts listening on all the transports given, or on `host` and `port`; all or nothing. Resolves with the addresses in
   * use. Rejects with TRANSPORT (the system's error as `cause`), INVALID_ARG where it listens already, CLOSED where it was
   * stopped meanwhile.
   */
  async listen(...acceptors: AnyAcceptor[]): Promise<ListeningAddress[]> {
    if (this.#run !== null) throw new UsmpError("INVALID_ARG", "this gateway listens already: call stop() first");
    const run = new Run();
    this.#run = run;
    try {
      const crypto = this.#settings.crypto ?? (await loadCrypto());
      const decoyPsk = crypto.randomBytes(KEY_LENGTH);
      const wanted = acceptors.length > 0 ? acceptors : [this.#defaultAcceptor];
      await run.open(wanted, (acceptor) => this.#open(acceptor, { crypto, decoyPsk }));
      if (!this.#keepsProcess) run.unref();
      return run.addresses;
    } catch (error) {
      if (this.#run === run) await this.stop();
      throw error;
    }
  }

  /** Listens, unless it does already; resolves when it was stopped, or `signal` aborted. Rejects where it cannot listen. */
  async serve({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (signal?.aborted === true) return;
    const stop = (): void => void this.stop();
    signal?.addEventListener("abort", stop);
    try {
      if (this.#run === null) await this.listen();
      await this.#run?.ended;
    } catch (error) {
      // Stopped before it listened is stopped, too.
      if (!isUsmpError(error) || error.code !== "CLOSED") throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Stops listening, ends every session with BYE and every handshake. Resolves when nothing is left. Idempotent. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = null;
    const closed = new UsmpError("CLOSED", "the gateway stopped");
    const onError = (error: UsmpError): void => this.reportError(error);
    const drivers = [...this.#drivers].map((driver) => driver.close(closed));
    // A second call waits for the first one, too.
    this.#stopping = Promise.all([this.#stopping, run?.close(onError), ...drivers]);
    try {
      await this.#stopping;
    } finally {
      run?.end();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Lets the process end while the gateway listens. */
  unref(): void {
    this.#keepsProcess = false;
    this.#run?.unref();
    for (const driver of this.#drivers) driver.unref();
  }

  #open(acceptor: AnyAcceptor, secrets: GatewayHandshakeOptions): Promise<TransportListener> {
    const onError = (error: UsmpError): void => this.reportError(error);
    if (acceptor.carries !== "datagrams") {
      return acceptor.listen({ onLink: (link) => this.#accept(link, secrets, () => {}), onError });
    }
    return DatagramFront.listen(acceptor, secrets.crypto, this.#settings.clock, {
      onLink: (link, onEstablished) => this.#accept(link, secrets, onEstablished),
      onError,
    });
  }

  #accept(link: Link, { crypto, decoyPsk }: GatewayHandshakeOptions, onEstablished: () => void): void {
    const { remoteAddress } = link;
    if (this.#run === null) {
      // It came in while the gateway stopped.
      link.destroy();
      return;
    }
    if (!this.#admission.enter(remoteAddress)) {
      link.destroy();
      this.dispatch("refused", new UsmpError("LIMIT", "too many connections"), remoteAddress);
      return;
    }
    const driver = acceptSession({
      link,
      crypto,
      lookupKeys: this.#lookupKeys,
      decoyPsk,
      settings: this.#settings,
      learnedCiphers: this.#learnedCiphers,
      onSession: (session) => {
        onEstablished();
        this.#adopt(session);
      },
      onFailed: (error) => this.dispatch("refused", error, remoteAddress),
      // A lookup may fail long after the gateway has stopped, when nobody wants to hear of it any more.
      onLookupFailed: (error) => this.#run !== null && this.reportError(error),
    });
    if (!this.#keepsProcess) driver.unref();
    this.#drivers.add(driver);
    void driver.finished.then(() => {
      this.#drivers.delete(driver);
      this.#admission.leave(remoteAddress);
    });
  }

  #adopt(session: UsmpSession): void {
    const { deviceId, sessionId } = session;
    this.#sessions.get(deviceId)?.abandon(new UsmpError("SUPERSEDED", "the device has opened a new session"));
    this.#sessions.set(deviceId, session);
    session.passErrorsTo((error) => this.reportError(error));
    session.on("close", ({ code }) => {
      if (this.#sessions.get(deviceId) === session) this.#sessions.delete(deviceId);
      if (code === "TIMEOUT") this.dispatch("timeout", deviceId, sessionId);
    });
    this.dispatch("session", session);
  }
}
