import { ownMembers } from "../core/own-members.js";
import type { BoardNetwork } from "../arduino/board/network.js";
import type { Clock } from "../core/clock.js";
import { MemoryDatagramNetwork } from "./network/memory-datagrams.js";
import type { DatagramConditions } from "./network/memory-conditions.js";
import { MemoryNetwork } from "./network/memory.js";
import type { AnyAcceptor, Dialer } from "../transport/transport.js";

/**
 * Conditions for messages, each way. Over TCP and UDP: `latencyMs` (default 1, so that time moves while a sketch
 * retries) and `jitterMs`. Over UDP alone, as TCP hides losses: `loss`, `duplicate`, `reorder` (probabilities from 0 to
 * 1) and `reorderByMs`.
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

  /** Conditions for the messages sent from now on. */
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

  /** Stops all traffic from now on, and reports nothing to either end: a pulled cable. */
  lose(): void {
    this.#lost = true;
    this.#streams.freeze();
    this.#datagrams.frozen = true;
  }

  /** Restores the network. TCP data sent meanwhile continues if its connection still exists. */
  restore(): void {
    this.#lost = false;
    this.#datagrams.frozen = false;
    this.#streams.thaw();
  }

  /** Breaks every TCP connection, and reports it to both ends. */
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
      // The gateway answers at any host and port.
      dialer: (kind) => this.#dialer(kind, address),
      silence: () => this.#streams.silence(address),
    };
  }

  #dialer(kind: "tcp" | "udp", address: string): Dialer {
    return (kind === "tcp" ? this.#streams : this.#datagrams).dialer(undefined, { address });
  }
}
