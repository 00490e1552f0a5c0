/**
 * A network in memory that carries datagrams, for tests and simulations: repeatable for one seed, on any clock.
 *
 *     const network = new MemoryDatagramNetwork({ clock: new VirtualClock(), seed: 7, conditions: { toAcceptor: { loss: 0.1 } } });
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
  /** All time comes from here. */
  readonly clock: Clock;
  /** An integer from 0 to 2^32 - 1. Print it when a run fails. */
  readonly seed: number;
  /** How datagrams fare. Default: at once, none lost. */
  readonly conditions?: BothWays<DatagramConditions> | undefined;
}

interface MemoryDatagramDialerOptions {
  /** What the accepting end sees. Default `"memory"`, and a fresh port for each link. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Which way a datagram goes: from the side that dialed, or back. */
type Way = keyof BothWays<unknown>;

/** Acceptors by name, and links that send to them. There are no connections: a link outlives the acceptor that it sends to. */
export class MemoryDatagramNetwork {
  readonly #paths: { readonly [way in Way]: DatagramPath };
  readonly #listening = new Map<string, DatagramHandlers>();
  /** Links by the address and port that they send from; a later one takes an earlier one's place. */
  readonly #links = new Map<string, MemoryDatagramLink>();
  #conditions: CheckedConditions<DatagramConditions>;
  #nextPort = FIRST_EPHEMERAL_PORT;
  /** While set, everything is lost, and nobody is told. */
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

  /** How datagrams fare that are sent from now on. */
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

  /** Dialing always succeeds: that nobody listens under this name is told for each datagram, as trouble. */
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

  /** A datagram from whoever claims to be at `address` and `port`: to forge one. */
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
