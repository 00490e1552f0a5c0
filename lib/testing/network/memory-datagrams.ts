/**
 * A network in memory that carries datagrams, for tests and simulations: repeatable for one seed, on any clock.
 *
 *     const conditions = { toAcceptor: { loss: 0.1 } };
 *     const network = new MemoryDatagramNetwork({ clock: new VirtualClock(), seed: 7, conditions });
 *     await gateway.listen(network.acceptor());
 *     await device.begin(network.dialer());
 */
import { ownMembers } from "../../core/own-members.js";
import type { Clock } from "../../core/clock.js";
import type { UsmpError } from "../../errors.js";
import { DatagramPath } from "./datagram-path.js";
import {
  checkedConditions,
  FIRST_EPHEMERAL_PORT,
  type BothWays,
  type CheckedConditions,
  type DatagramConditions,
} from "./memory-conditions.js";
import { memoryFailure } from "./memory-link.js";
import { SeededRandom } from "../../transport/random.js";
import type {
  DatagramAcceptor,
  DatagramHandlers,
  DatagramPeer,
  Dialer,
  Link,
  LinkHandlers,
} from "../../transport/transport.js";

const DEFAULT_NAME = "memory";

export interface MemoryDatagramNetworkOptions {
  /** The only source of time. */
  readonly clock: Clock;
  /** An integer from 0 to 2^32 - 1. Print it when a run fails. */
  readonly seed: number;
  /** Conditions for every datagram. Default: each arrives at once, and none is lost. */
  readonly conditions?: BothWays<DatagramConditions> | undefined;
}

interface MemoryDatagramDialerOptions {
  /** The address that the accepting end sees. Default `"memory"`, and a fresh port for each link. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** The direction of a datagram: from the side that dialed, or back. */
type Way = keyof BothWays<unknown>;

/**
 * Acceptors by name, and links that send to them. There are no connections: a link outlives the acceptor it sends to.
 */
export class MemoryDatagramNetwork {
  readonly #paths: { readonly [way in Way]: DatagramPath };
  readonly #listening = new Map<string, DatagramHandlers>();
  /** Links by the address and port that they send from; a later link replaces an earlier one. */
  readonly #links = new Map<string, MemoryDatagramLink>();
  #conditions: CheckedConditions<DatagramConditions>;
  #nextPort = FIRST_EPHEMERAL_PORT;
  /** While set, every datagram sent is lost, and no error is reported. */
  frozen = false;
  /** Sees each datagram as it is sent, before the conditions. */
  tap: (datagram: Uint8Array, way: Way) => void = () => {};

  /** @throws {UsmpError} INVALID_ARG for a seed or conditions out of range */
  constructor(options: MemoryDatagramNetworkOptions) {
    const { clock, seed, conditions = {} } = ownMembers(options);
    const random = new SeededRandom(seed);
    this.#conditions = checkedConditions(conditions);
    this.#paths = {
      toAcceptor: new DatagramPath(clock, random.fork()),
      toDialer: new DatagramPath(clock, random.fork()),
    };
  }

  /** Conditions for the datagrams sent from now on. */
  get conditions(): BothWays<DatagramConditions> {
    return this.#conditions;
  }

  set conditions(conditions: BothWays<DatagramConditions>) {
    this.#conditions = checkedConditions(conditions);
  }

  /** Links that are open. */
  get openLinks(): number {
    return this.#links.size;
  }

  /** Dialing always succeeds. If nothing listens under this name, each datagram reports a transient error. */
  dialer(name: string = DEFAULT_NAME, options: MemoryDatagramDialerOptions = {}): Dialer {
    const { address = DEFAULT_NAME, port } = ownMembers(options);
    return {
      describe: () => `memory ${name}`,
      dial: async () => this.#open(name, address, port ?? this.#nextPort++),
    };
  }

  /** Listens under this name. */
  acceptor(name: string = DEFAULT_NAME): DatagramAcceptor {
    return {
      carries: "datagrams",
      listen: async (handlers) => {
        if (this.#listening.has(name)) throw memoryFailure("EADDRINUSE", `something listens on memory ${name} already`);
        this.#listening.set(name, handlers);
        return {
          kind: "memory",
          address: name,
          port: 0,
          close: async () => {
            if (this.#listening.get(name) === handlers) this.#listening.delete(name);
          },
          unref: () => {},
        };
      },
    };
  }

  /** Delivers a forged datagram that claims to come from `address` and `port`. */
  inject(datagram: Uint8Array, address: string, port: number, name: string = DEFAULT_NAME): void {
    this.#listening.get(name)?.onDatagram(datagram, this.#peer(address, port));
  }

  #open(name: string, address: string, port: number): Link {
    const key = `${address}|${port}`;
    const link: MemoryDatagramLink = new MemoryDatagramLink(name, {
      send: (bytes) =>
        this.#carry("toAcceptor", bytes, (datagram) => this.#arrive(datagram, name, address, port, link)),
      gone: () => {
        if (this.#links.get(key) === link) this.#links.delete(key);
      },
    });
    this.#links.set(key, link);
    return link;
  }

  #arrive(datagram: Uint8Array, name: string, address: string, port: number, from: MemoryDatagramLink): void {
    const handlers = this.#listening.get(name);
    if (handlers !== undefined) handlers.onDatagram(datagram, this.#peer(address, port));
    else if (!this.frozen) from.trouble(memoryFailure("ECONNREFUSED", `nothing listens on memory ${name}`));
  }

  #peer(address: string, port: number): DatagramPeer {
    const key = `${address}|${port}`;
    return {
      key,
      address,
      port,
      send: (bytes, onSent) => {
        this.#carry("toDialer", bytes, (datagram) => this.#links.get(key)?.deliver(datagram));
        if (onSent !== undefined) queueMicrotask(onSent);
      },
    };
  }

  #carry(way: Way, bytes: Uint8Array, deliver: (datagram: Uint8Array) => void): void {
    this.tap(bytes, way);
    if (!this.frozen) this.#paths[way].carry(bytes, this.#conditions[way], deliver);
  }
}

interface Wiring {
  send(bytes: Uint8Array): void;
  gone(): void;
}

class MemoryDatagramLink implements Link {
  readonly carries = "datagrams";
  readonly remoteAddress: string;
  readonly remotePort = 0;
  readonly #wiring: Wiring;
  #handlers: LinkHandlers | null = null;
  #closed = false;

  constructor(name: string, wiring: Wiring) {
    this.remoteAddress = name;
    this.#wiring = wiring;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#closed) return;
    this.#wiring.send(bytes);
    queueMicrotask(() => this.#closed || onFlushed());
  }

  deliver(datagram: Uint8Array): void {
    if (!this.#closed) this.#handlers?.onBytes(datagram);
  }

  trouble(error: UsmpError): void {
    if (!this.#closed) this.#handlers?.onTransientError?.(error);
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wiring.gone();
    queueMicrotask(() => this.#handlers?.onClose());
  }

  unref(): void {}
}
