/**
 * A network in memory for tests and simulations: repeatable for one seed, on any clock, without a socket.
 *
 *     const network = new MemoryNetwork({ clock: new VirtualClock(), seed: 7 });
 *     await network.acceptor().listen(handlers);
 *     const dialed = network.dialer().dial();
 */
import { ownMembers } from "../../core/own-members.js";
import type { Clock } from "../../core/clock.js";
import { UsmpError } from "../../errors.js";
import { onAbort, signalOf } from "../../transport/abort.js";
import { MemoryCable } from "./memory-cable.js";
import {
  type BothWays,
  checkedConditions,
  FIRST_EPHEMERAL_PORT,
  type CheckedConditions,
  type StreamConditions,
} from "./memory-conditions.js";
import { memoryFailure } from "./memory-link.js";
import { aborted, DEFAULT_CONNECT_TIMEOUT_MS } from "../../transport/place.js";
import { SeededRandom } from "../../transport/random.js";
import type { Acceptor, Dialer, DialOptions, Link, Listener, ListenHandlers } from "../../transport/transport.js";

export type { MemoryCable } from "./memory-cable.js";
export type { BothWays, StreamConditions } from "./memory-conditions.js";

const DEFAULT_NAME = "memory";

interface MemoryNetworkOptions {
  /** The only source of time; nothing reads the real clock. */
  readonly clock: Clock;
  /** An integer from 0 to 2^32 - 1. Print it when a run fails. */
  readonly seed: number;
  /** Conditions for every stream. Default: bytes arrive at once, and nothing is cut. */
  readonly conditions?: BothWays<StreamConditions> | undefined;
}

export interface MemoryDialerOptions {
  /** What the accepting end sees as `remoteAddress`. Default `"memory"`. */
  readonly address?: string | undefined;
  /** In milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
}

/** Acceptors by name, dialers that find them, and the cables between. */
export class MemoryNetwork {
  readonly seed: number;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  /** Each cable with the address that dialed it. */
  readonly #cables = new Map<MemoryCable, string>();
  readonly #listening = new Map<string, ListenHandlers>();
  /** Steps of connecting that wait for a thaw. */
  readonly #stalled = new Set<() => void>();
  #conditions: CheckedConditions<StreamConditions>;
  #nextPort = FIRST_EPHEMERAL_PORT;
  #frozen = false;

  /** @throws {UsmpError} INVALID_ARG for a seed or conditions out of range */
  constructor(options: MemoryNetworkOptions) {
    const { clock, seed, conditions = {} } = ownMembers(options);
    this.#clock = clock;
    this.#random = new SeededRandom(seed);
    this.#conditions = checkedConditions(conditions);
    this.seed = seed;
  }

  /** Conditions for streams from now on, including open ones. */
  get conditions(): BothWays<StreamConditions> {
    return this.#conditions;
  }

  set conditions(conditions: BothWays<StreamConditions>) {
    this.#conditions = checkedConditions(conditions);
  }

  /** Connections with at least one end open. */
  get openCables(): number {
    return this.#cables.size;
  }

  /** Dials the acceptor of this name. */
  dialer(name: string = DEFAULT_NAME, options: MemoryDialerOptions = {}): MemoryDialer {
    return new MemoryDialer(this.#clock, name, options, {
      step: (way, callback) => this.#step(way, callback),
      accept: (address) => this.#accept(name, address),
    });
  }

  /** Listens under this name. */
  acceptor(name: string = DEFAULT_NAME): Acceptor {
    return {
      listen: async (handlers) => this.#listen(name, handlers),
    };
  }

  /** Two links that are already joined. */
  linkPair(dialerAddress: string = DEFAULT_NAME, acceptorAddress: string = DEFAULT_NAME): MemoryCable {
    const cable: MemoryCable = new MemoryCable({
      clock: this.#clock,
      random: this.#random,
      conditions: () => this.#conditions,
      frozen: this.#frozen,
      dialer: { address: dialerAddress, port: this.#nextPort++ },
      acceptor: { address: acceptorAddress, port: 0 },
      onGone: () => this.#cables.delete(cable),
    });
    this.#cables.set(cable, dialerAddress);
    return cable;
  }

  /** Breaks every connection: both ends close with TRANSPORT. */
  cut(): void {
    for (const cable of [...this.#cables.keys()]) cable.cut();
  }

  /**
   * Freezes, for good, what was dialed from this address, and reports nothing to either end: a host that lost its
   * power.
   */
  silence(dialerAddress: string): void {
    for (const [cable, address] of this.#cables) {
      if (address !== dialerAddress) continue;
      this.#cables.delete(cable);
      cable.freeze();
    }
  }

  /** Stops everything in flight, and reports nothing to either end; dialing stalls too. */
  freeze(): void {
    this.#frozen = true;
    for (const cable of this.#cables.keys()) cable.freeze();
  }

  /** Continues everything from where it stopped. */
  thaw(): void {
    this.#frozen = false;
    for (const cable of this.#cables.keys()) cable.thaw();
    // One step may cancel another.
    for (const goOn of [...this.#stalled]) if (this.#stalled.delete(goOn)) goOn();
  }

  #accept(name: string, dialerAddress: string): Link | undefined {
    const handlers = this.#listening.get(name);
    if (handlers === undefined) return undefined;
    const cable = this.linkPair(dialerAddress, name);
    handlers.onLink(cable.accepted);
    return cable.dialed;
  }

  #listen(name: string, handlers: ListenHandlers): Listener {
    if (this.#listening.has(name)) {
      throw memoryFailure("EADDRINUSE", `something listens on memory ${name} already: close it, or take another name`);
    }
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
  }

  /** Runs `callback` after one trip. Returns a function that cancels it. */
  #step(way: keyof BothWays<unknown>, callback: () => void): () => void {
    const { latencyMs = 0, jitterMs = 0 } = this.#conditions[way];
    const arrive = (): void => {
      if (this.#frozen) this.#stalled.add(callback);
      else callback();
    };
    const timer = this.#clock.after(latencyMs + jitterMs * this.#random.next(), arrive);
    return () => {
      timer.cancel();
      this.#stalled.delete(callback);
    };
  }
}

/** What a dialer needs of its network. */
interface Wiring {
  step(way: keyof BothWays<unknown>, callback: () => void): () => void;
  /** Returns undefined if nothing listens. */
  accept(address: string): Link | undefined;
}

/** Dials in memory. */
export class MemoryDialer implements Dialer {
  /** While set, connections are refused as if nothing listened. */
  refusing = false;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #address: string;
  readonly connectTimeoutMs: number;
  readonly #wiring: Wiring;

  constructor(clock: Clock, name: string, options: MemoryDialerOptions, wiring: Wiring) {
    this.#clock = clock;
    this.#name = name;
    const { address = DEFAULT_NAME, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = ownMembers(options);
    this.#address = address;
    this.connectTimeoutMs = connectTimeoutMs;
    this.#wiring = wiring;
  }

  describe(): string {
    return `memory ${this.#name}`;
  }

  /** @throws {UsmpError} TRANSPORT if nothing listens, TIMEOUT, or CLOSED if aborted */
  async dial(options: DialOptions = {}): Promise<Link> {
    const signal = signalOf(options);
    if (signal?.aborted === true) throw aborted(this.describe(), signal);
    return new Promise((resolve, reject) => {
      let link: Link | undefined;
      const settle = (): void => {
        timeout.cancel();
        cancelStep();
        signal?.removeEventListener("abort", onAborted);
      };
      const fail = (error: UsmpError): void => {
        settle();
        link?.destroy();
        reject(error);
      };
      const onAnswer = (): void => {
        if (link === undefined) return fail(this.#refused());
        settle();
        resolve(link);
      };
      const onRequest = (): void => {
        link = this.refusing ? undefined : this.#wiring.accept(this.#address);
        // The acceptor's `onLink` may have aborted this dial.
        if (signal?.aborted === true) return link?.destroy();
        cancelStep = this.#wiring.step("toDialer", onAnswer);
      };
      const onAborted = (): void => fail(aborted(this.describe(), signal));
      let cancelStep = this.#wiring.step("toAcceptor", onRequest);
      const timeout = this.#clock.after(this.connectTimeoutMs, () => fail(this.#timedOut()));
      onAbort(signal, onAborted);
    });
  }

  #refused(): UsmpError {
    return memoryFailure("ECONNREFUSED", `nothing listens on memory ${this.#name}: call its acceptor's listen first`);
  }

  #timedOut(): UsmpError {
    const advice = "is the network frozen, or its latency that long?";
    return new UsmpError(
      "TIMEOUT",
      `memory ${this.#name} did not answer within ${this.connectTimeoutMs} ms: ${advice}`,
    );
  }
}
