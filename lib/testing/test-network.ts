import { ownMembers } from "../core/own-members.js";
import type { BoardNetwork } from "../arduino/board/network.js";
import type { Clock } from "../core/clock.js";
import { MemoryDatagramNetwork } from "./network/memory-datagrams.js";
import type { DatagramConditions } from "./network/memory-conditions.js";
import { MemoryNetwork } from "./network/memory.js";
import type { AnyAcceptor, Dialer } from "../transport/transport.js";

/**
 * How messages fare, each way: `latencyMs` (default 1: a sketch that tries again and again lets time go on) and `jitterMs` over TCP and UDP; `loss`, `duplicate`, `reorder` (probabilities
 * from 0 to 1) and `reorderByMs` over UDP alone, as TCP hides what is lost.
 */
export type NetworkConditions = DatagramConditions;

const DEFAULT_LATENCY_MS = 1;

/** A network in memory between a gateway and its devices, for streams and for datagrams. */
export class TestNetwork {
  readonly #streams: MemoryNetwork;
  readonly #datagrams: MemoryDatagramNetwork;
  #conditions: NetworkConditions = {};
  #lost = false;
  #hosts = 0;

  /** @throws UsmpError INVALID_ARG for a seed or conditions out of range */
  constructor(clock: Clock, seed: number, conditions: NetworkConditions) {
    this.#streams = new MemoryNetwork({ clock, seed });
    this.#datagrams = new MemoryDatagramNetwork({ clock, seed });
    this.conditions = conditions;
  }

  /** How messages fare that are sent from now on. */
  get conditions(): NetworkConditions {
    return this.#conditions;
  }

  set conditions(given: NetworkConditions) {
    const { latencyMs = DEFAULT_LATENCY_MS, ...others } = ownMembers(given, "conditions");
    const conditions = { latencyMs, ...others };
    const bothWays = { toAcceptor: conditions, toDialer: conditions };
    this.#datagrams.conditions = bothWays;
    this.#streams.conditions = bothWays;
    this.#conditions = conditions;
  }

  /** Where the gateway listens. */
  get acceptors(): readonly AnyAcceptor[] {
    return [this.#streams.acceptor(), this.#datagrams.acceptor()];
  }

  /** From now on nothing gets through, and nobody is told: a pulled cable. */
  lose(): void {
    this.#lost = true;
    this.#streams.freeze();
    this.#datagrams.frozen = true;
  }

  /** What was sent over TCP meanwhile, and is still wanted, goes on its way. */
  restore(): void {
    this.#lost = false;
    this.#datagrams.frozen = false;
    this.#streams.thaw();
  }

  /** Breaks every TCP connection: both ends are told. */
  cut(): void {
    this.#streams.cut();
  }

  /** A host on this network, as its board sees it. */
  plugIn(): BoardNetwork {
    const host = ++this.#hosts;
    const address = `10.0.${host >> 8}.${host & 255}`;
    const up = (): boolean => !this.#lost;
    return {
      get up() {
        return up();
      },
      // Whatever host and port are named, the gateway is there.
      dialer: (kind) => this.#dialer(kind, address),
      silence: () => this.#streams.silence(address),
    };
  }

  #dialer(kind: "tcp" | "udp", address: string): Dialer {
    return (kind === "tcp" ? this.#streams : this.#datagrams).dialer(undefined, { address });
  }
}
