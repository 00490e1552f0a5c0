/** USMP over UDP, on Node's sockets. */
import { requireFunctions } from "../core/arguments.js";
import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { lookup, type LookupAddress } from "node:dns";
import { isIP } from "node:net";

import { hasMember, ownMembers } from "../core/own-members.js";
import type { Clock } from "../core/clock.js";
import { addressesOf, addressOptions, bindAddressOf, type AddressOptions, type Lookup } from "./addresses.js";
import { abortable, signalOf } from "./abort.js";
import { withDeadline } from "./contained.js";
import { aborted, checkDestination, checkPlace, DEFAULT_PORT, dialTimeout } from "./place.js";
import { connectFailure, formatPlace, listenFailure } from "./system-errors.js";
import type { DatagramAcceptor, DatagramHandlers, Dialer, DialOptions, Link, Listener } from "./transport.js";
import { UdpLink } from "./udp-link.js";
import { UdpListener } from "./udp-listener.js";

/** The receive buffer of a listener, in bytes: thousands of devices may send at once. The kernel may allow less. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

export interface UdpOptions extends AddressOptions {
  /** Whether listening on `"::"` leaves out IPv4. Default false. */
  readonly ipv6Only?: boolean | undefined;
}

/** One UDP address: a device dials it, a gateway listens on it, with one socket for all devices. */
export class UdpTransport implements Dialer, DatagramAcceptor {
  readonly carries = "datagrams";
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly #ipv6Only: boolean;
  readonly #lookup: Lookup;
  readonly #clock: Clock;

  /**
   * @param host a name or an address, IPv4 or IPv6 (without brackets); `"0.0.0.0"` listens on every IPv4 address,
   * `"::"` on every address, a name on its first IPv4 address, or on its first address if it has no IPv4 one
   * @param port 0 to 65535; 0, for listening only, lets the system choose
   * @throws {UsmpError} INVALID_ARG for any other argument
   */
  constructor(host: string, port: number = DEFAULT_PORT, options: UdpOptions = {}) {
    checkPlace(host, port);
    const { connectTimeoutMs, lookup, clock } = addressOptions(options);
    const { ipv6Only = false } = ownMembers(options);
    this.host = host;
    this.port = port;
    this.#ipv6Only = ipv6Only;
    this.connectTimeoutMs = connectTimeoutMs;
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** Does nothing, because a computer has a network already. A board joins this one first. */
  wifi(_ssid: string, _password: string): this {
    return this;
  }

  describe(): string {
    return `udp ${this.#place}`;
  }

  /**
   * Looks the name up and opens a socket to one of its addresses: the first, or the first after `after`, that this
   * machine has a route to. It sends nothing yet, so a missing listener shows later.
   *
   * @throws {UsmpError} INVALID_ARG for port 0 and for `"0.0.0.0"` or `"::"`, which are for listening; TRANSPORT, the
   * system's error as `cause`; TIMEOUT; CLOSED when aborted, the signal's reason as `cause`
   */
  async dial(options: DialOptions = {}): Promise<Link> {
    checkDestination(this.host, this.port);
    const signal = signalOf(options);
    if (signal?.aborted === true) throw aborted(this.#place, signal);
    const after = hasMember(options, "after") ? options.after : undefined;
    // Neither a look-up nor a connect can be cancelled: a late link is destroyed.
    const { done, giveUp } = withDeadline(
      () => this.#open(after),
      { clock: this.#clock, timeoutMs: this.connectTimeoutMs },
      { error: () => dialTimeout(this.#place, this.connectTimeoutMs), discard: (link) => link.destroy() },
    );
    return abortable(signal, done, () => giveUp(aborted(this.#place, signal)));
  }

  /**
   * Listens on the address. With port 0 the system chooses the port. Workers of a `node:cluster` never share it.
   *
   * @throws {UsmpError} TRANSPORT, the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ...) as `cause`
   */
  async listen(handlers: DatagramHandlers): Promise<Listener> {
    requireFunctions("handlers", handlers, ["onDatagram", "onError"], "an object with onDatagram and onError");
    try {
      return await this.#listen(await bindAddressOf(this.host, this.#lookup), handlers);
    } catch (error) {
      throw listenFailure(error, this.host, this.port);
    }
  }

  #listen({ address, family }: LookupAddress, handlers: DatagramHandlers): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(
        ownMembers<SocketOptions>({
          type: socketType(family),
          ipv6Only: this.#ipv6Only,
          recvBufferSize: RECEIVE_BUFFER_BYTES,
          lookup: lookupAtOnce,
        }),
      );
      const onRefused = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once("error", onRefused);
      // Exclusive: otherwise the workers of a cluster share the socket, and a datagram reaches any one of them.
      socket.bind({ port: this.port, address, exclusive: true }, () => {
        socket.off("error", onRefused);
        resolve(new UdpListener(socket, handlers));
      });
    });
  }

  async #open(after: string | undefined): Promise<Link> {
    let failure: unknown;
    try {
      const addresses = await addressesOf(this.host, after, this.#lookup);
      for (const address of addresses) {
        try {
          return await connect(address, this.port, addresses.length);
        } catch (error) {
          failure ??= error;
        }
      }
    } catch (error) {
      failure = error;
    }
    throw connectFailure(failure, this.host, this.port);
  }

  get #place(): string {
    return formatPlace(this.host, this.port);
  }
}

function connect({ address, family }: LookupAddress, port: number, addresses: number): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createSocket(ownMembers<SocketOptions>({ type: socketType(family), lookup: lookupAtOnce }));
    const onError = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", onError);
    // Missing in Node's types: only this callback reports a connect that fails.
    socket.connect(port, address, (error?: Error | null) => {
      socket.off("error", onError);
      if (error) return onError(error);
      resolve(new UdpLink(socket, address, port, addresses));
    });
  });
}

function socketType(family: number): "udp4" | "udp6" {
  return family === 6 ? "udp6" : "udp4";
}

/** Node looks the address up again for every datagram. A numeric address is its own result. */
const lookupAtOnce: NonNullable<SocketOptions["lookup"]> = (host, options, callback) => {
  const family = isIP(host);
  if (family === 0) lookup(host, options, callback);
  else callback(null, host, family);
};
