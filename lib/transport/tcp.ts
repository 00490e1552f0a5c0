/** USMP over TCP, on Node's sockets. */
import { requireFunctions } from "../core/arguments.js";
import { connect, createServer, isIPv4, type LookupFunction, type Server, type Socket } from "node:net";

import { hasMember, ownMembers } from "../core/own-members.js";
import type { Clock } from "../core/clock.js";
import type { UsmpError } from "../errors.js";
import { addressesOf, addressOptions, bindAddressOf, type AddressOptions, type Lookup } from "./addresses.js";
import { onAbort, signalOf } from "./abort.js";
import { aborted, checkDestination, checkPlace, DEFAULT_PORT, dialTimeout, requireInteger } from "./place.js";
import { LONGEST_TIMER_MS } from "./system-clock.js";
import { connectFailure, formatPlace, listenFailure } from "./system-errors.js";
import { TcpLink } from "./tcp-link.js";
import type { Acceptor, Dialer, DialOptions, Link, Listener, ListenHandlers } from "./transport.js";

/**
 * How long one address of a name may take before the next one is tried, in milliseconds. Node's default of 250 is less
 * than the 1 s after which a lost SYN is sent again, which is common on a weak radio link.
 */
const ADDRESS_ATTEMPT_MS = 1_500;

/**
 * Connections that wait to be accepted. Node's default of 511 fills within half a second when many devices reconnect,
 * and a device that finds it full tries again a second later. The system may allow less.
 */
const BACKLOG = 4_096;

export interface TcpOptions extends AddressOptions {
  /**
   * After how many milliseconds of silence the system sends probes, at least 1,000. Off by default: the protocol's own
   * keepalive also notices a peer whose program hangs.
   */
  readonly keepAliveMs?: number | undefined;
}

/**
 * One TCP address: a device dials it, a gateway listens on it.
 *
 * Node cannot cancel a name look-up. After a timeout or an abort it may still run in the background, without effect.
 */
export class TcpTransport implements Dialer, Acceptor {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly #keepAliveMs: number | undefined;
  readonly #lookup: Lookup;
  readonly #clock: Clock;

  /**
   * @param host a name or an address, IPv4 or IPv6 (without brackets); `"0.0.0.0"` listens on every IPv4 address,
   * `"::"` on every address, a name on its first IPv4 address, or on its first address if it has no IPv4 one
   * @param port 0 to 65535; 0, for listening only, lets the system choose
   * @throws {UsmpError} INVALID_ARG for any other argument
   */
  constructor(host: string, port: number = DEFAULT_PORT, options: TcpOptions = {}) {
    checkPlace(host, port);
    const { connectTimeoutMs, lookup, clock } = addressOptions(options);
    const { keepAliveMs } = ownMembers(options);
    if (keepAliveMs !== undefined) requireInteger("keepAliveMs", keepAliveMs, 1_000, LONGEST_TIMER_MS);
    this.host = host;
    this.port = port;
    this.connectTimeoutMs = connectTimeoutMs;
    this.#keepAliveMs = keepAliveMs;
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** Does nothing, because a computer has a network already. A board joins this one first. */
  wifi(_ssid: string, _password: string): this {
    return this;
  }

  describe(): string {
    return `tcp ${this.#place}`;
  }

  /**
   * Connects. Tries every address of the name in turn, starting with the first, or the one after `after`.
   *
   * @throws {UsmpError} INVALID_ARG for port 0 and for `"0.0.0.0"` or `"::"`, which are for listening; TRANSPORT, the
   * system's error as `cause`; TIMEOUT; CLOSED when aborted, the signal's reason as `cause`
   */
  async dial(options: DialOptions = {}): Promise<Link> {
    checkDestination(this.host, this.port);
    const signal = signalOf(options);
    if (signal?.aborted === true) throw aborted(this.#place, signal);
    return this.#connect(signal, hasMember(options, "after") ? options.after : undefined);
  }

  #connect(signal: AbortSignal | undefined, after: string | undefined): Promise<Link> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        ownMembers({
          host: this.host,
          port: this.port,
          allowHalfOpen: true,
          lookup: this.#lookupFrom(after),
          // Explicit, because a program can change the default of the whole process.
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
          ...this.#socketOptions(),
        }),
      );
      // Nothing is read before the link is attached.
      socket.pause();

      const settle = (): void => {
        timeout.cancel();
        signal?.removeEventListener("abort", onAborted);
        socket.off("connect", onConnect);
        socket.off("error", onError);
      };
      const fail = (error: UsmpError): void => {
        settle();
        discard(socket);
        reject(error);
      };
      const onConnect = (): void => {
        settle();
        // An IPv4 address has one form only, so the system call that returns it is not needed.
        const address = isIPv4(this.host) ? this.host : socket.remoteAddress;
        resolve(new TcpLink(socket, address ?? this.host, this.port));
      };
      const onError = (error: Error): void => fail(connectFailure(error, this.host, this.port));
      const onAborted = (): void => fail(aborted(this.#place, signal));
      const timeout = this.#clock.after(this.connectTimeoutMs, () =>
        fail(dialTimeout(this.#place, this.connectTimeoutMs)),
      );
      socket.once("connect", onConnect);
      socket.once("error", onError);
      onAbort(signal, onAborted);
    });
  }

  /**
   * Listens on the address; with port 0 the system chooses the port.
   *
   * @throws {UsmpError} TRANSPORT, the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ...) as `cause`
   */
  async listen(handlers: ListenHandlers): Promise<Listener> {
    requireFunctions("handlers", handlers, ["onLink", "onError"], "an object with onLink and onError");
    try {
      const { address } = await bindAddressOf(this.host, this.#lookup);
      return await this.#listen(address, handlers);
    } catch (error) {
      throw listenFailure(error, this.host, this.port);
    }
  }

  #listen(address: string, handlers: ListenHandlers): Promise<Listener> {
    return new Promise((resolve, reject) => {
      // pauseOnConnect: bytes that arrive before a link is attached stay in the kernel, at no cost to this process.
      const server = createServer(ownMembers({ allowHalfOpen: true, pauseOnConnect: true, ...this.#socketOptions() }));
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        const listener = new TcpListener(server, address);
        server.on("connection", (socket) => accept(socket, handlers));
        server.on("error", (error) => handlers.onError(listenFailure(error, listener.address, listener.port)));
        resolve(listener);
      });
      server.listen(ownMembers({ host: address, port: this.port, backlog: BACKLOG }));
    });
  }

  /** Node calls it for all addresses of a name, and not for a numeric address. */
  #lookupFrom(after: string | undefined): LookupFunction {
    return (host, _options, callback) => {
      addressesOf(host, after, this.#lookup).then(
        (addresses) => callback(null, addresses),
        (error: unknown) => callback(error as NodeJS.ErrnoException, []),
      );
    };
  }

  /** No delay for small frames (Nagle's algorithm is off). */
  #socketOptions(): { noDelay: boolean; keepAlive: boolean; keepAliveInitialDelay: number } {
    return { noDelay: true, keepAlive: this.#keepAliveMs !== undefined, keepAliveInitialDelay: this.#keepAliveMs ?? 0 };
  }

  get #place(): string {
    return formatPlace(this.host, this.port);
  }
}

class TcpListener implements Listener {
  readonly kind = "tcp";
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  #closing: Promise<void> | undefined;

  constructor(server: Server, host: string) {
    const bound = server.address();
    this.#server = server;
    this.address = typeof bound === "object" && bound !== null ? bound.address : host;
    this.port = typeof bound === "object" && bound !== null ? bound.port : 0;
  }

  /** The port is free after `close` returns. Node's own callback waits for every accepted connection. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#server.close();
      setImmediate(resolve);
    });
    return this.#closing;
  }

  unref(): void {
    this.#server.unref();
  }
}

function accept(socket: Socket, handlers: ListenHandlers): void {
  const { remoteAddress, remotePort } = socket;
  // The peer reset the connection while it waited to be accepted.
  if (remoteAddress === undefined || remotePort === undefined) discard(socket);
  else handlers.onLink(new TcpLink(socket, remoteAddress, remotePort));
}

/** Ends a socket without an owner. It may still emit an error, which needs a listener. */
function discard(socket: Socket): void {
  socket.on("error", () => {});
  socket.destroy();
}
