import type { Clock } from "../../core/clock.js";
import type { CheckedConditions, StreamConditions } from "./memory-conditions.js";
import { MemoryLink } from "./memory-link.js";
import { MemoryPipe } from "./memory-pipe.js";
import type { SeededRandom } from "../../transport/random.js";
import type { Link } from "../../transport/transport.js";

interface MemoryCableParts {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Read for every piece, so that conditions can change in flight. */
  readonly conditions: () => CheckedConditions<StreamConditions>;
  readonly frozen: boolean;
  /** The address and port that each end reports for the other. */
  readonly dialer: { readonly address: string; readonly port: number };
  readonly acceptor: { readonly address: string; readonly port: number };
  /** Runs once, when both ends are gone. */
  readonly onGone: () => void;
}

/** Two links joined in memory, and what can happen to the cable between them. */
export class MemoryCable {
  readonly #dialed: MemoryLink;
  readonly #accepted: MemoryLink;
  readonly #pipes: readonly MemoryPipe[];

  constructor({ clock, random, conditions, frozen, dialer, acceptor, onGone }: MemoryCableParts) {
    const toAcceptor = new MemoryPipe({
      clock,
      random: random.fork(),
      conditions: () => conditions().toAcceptor,
      frozen,
      reader: () => this.#accepted.reader,
    });
    const toDialer = new MemoryPipe({
      clock,
      random: random.fork(),
      conditions: () => conditions().toDialer,
      frozen,
      reader: () => this.#dialed.reader,
    });
    let open = 2;
    const onEnded = (): void => {
      open -= 1;
      if (open === 0) onGone();
    };
    this.#pipes = [toAcceptor, toDialer];
    this.#dialed = new MemoryLink({
      clock,
      outgoing: toAcceptor,
      incoming: toDialer,
      remoteAddress: acceptor.address,
      remotePort: acceptor.port,
      onEnded,
    });
    this.#accepted = new MemoryLink({
      clock,
      outgoing: toDialer,
      incoming: toAcceptor,
      remoteAddress: dialer.address,
      remotePort: dialer.port,
      onEnded,
    });
  }

  /** The end that dialed. */
  get dialed(): Link {
    return this.#dialed;
  }

  /** The end that accepted. */
  get accepted(): Link {
    return this.#accepted;
  }

  /** Breaks the connection for both ends: `onClose` with TRANSPORT. Bytes in flight are lost. */
  cut(): void {
    this.#dialed.break("ECONNRESET", "the cable was cut");
    this.#accepted.break("ECONNRESET", "the cable was cut");
  }

  /**
   * Stops everything in flight, and reports nothing to either end: a pulled plug. Bytes that arrived before remain
   * readable.
   */
  freeze(): void {
    for (const pipe of this.#pipes) pipe.freeze();
  }

  /** Puts the plug back: bytes in flight continue, and none was lost. */
  thaw(): void {
    for (const pipe of this.#pipes) pipe.thaw();
  }
}
