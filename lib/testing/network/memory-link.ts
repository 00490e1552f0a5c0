import type { Clock } from "../../core/clock.js";
import { UsmpError } from "../../errors.js";
import type { MemoryPipe, PipeReader } from "./memory-pipe.js";
import type { Link, LinkHandlers } from "../../transport/transport.js";

/**
 *     open --both ends sent--> closing --next read pass, once attached--> closed
 *       \------ destroyed, reset or cut ---^
 */
type State =
  | { readonly kind: "open"; readonly ended: boolean; readonly endSent: boolean; readonly peerEnded: boolean }
  | { readonly kind: "closing"; readonly error: UsmpError | undefined }
  | { readonly kind: "closed" };

interface MemoryLinkParts {
  readonly clock: Clock;
  readonly outgoing: MemoryPipe;
  readonly incoming: MemoryPipe;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Runs once, synchronously, when the link ends, before `onClose`. */
  readonly onEnded: () => void;
}

/** One end of a cable in memory; it behaves as a TCP socket does. */
export class MemoryLink implements Link {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Where the incoming pipe delivers. */
  readonly reader: PipeReader = {
    onBytes: (chunk) => this.#handlers?.onBytes(chunk),
    onEnd: () => this.#onPeerEnd(),
    onReset: () => this.break("ECONNRESET", "the peer dropped it"),
    onUnwanted: () => this.#parts.outgoing.abandon("reset"),
  };
  readonly #parts: MemoryLinkParts;
  #handlers: LinkHandlers | undefined;
  #paused = false;
  #state: State = { kind: "open", ended: false, endSent: false, peerEnded: false };

  constructor(parts: MemoryLinkParts) {
    this.#parts = parts;
    this.remoteAddress = parts.remoteAddress;
    this.remotePort = parts.remotePort;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#state.kind === "open") this.#parts.incoming.deliver(this.#paused ? "paused" : "flowing");
    else this.#tellSoon();
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (this.#state.kind !== "open" || this.#state.ended) return;
    this.#parts.outgoing.send(bytes, () => {
      if (this.#state.kind === "open") onFlushed();
    });
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  end(): void {
    if (this.#state.kind !== "open" || this.#state.ended) return;
    this.#state = { ...this.#state, ended: true };
    this.#parts.outgoing.end(() => {
      if (this.#state.kind !== "open") return;
      this.#state = { ...this.#state, endSent: true };
      this.#closeWhenBothEnded();
    });
  }

  /** As on a socket, the peer sees an end, or a reset if bytes were left unread. */
  destroy(): void {
    if (this.#state.kind !== "open") return;
    const { outgoing, incoming } = this.#parts;
    if (incoming.hasUnread) outgoing.abandon("reset");
    else if (!this.#state.endSent) outgoing.abandon("end");
    incoming.refuse();
    this.#shut(undefined);
  }

  /** Does nothing: an idle link in memory has no timer, and bytes in flight arrive soon. */
  unref(): void {}

  /** Breaks this end, as the network would, with the error code `systemCode` in the cause. */
  break(systemCode: string, why: string): void {
    if (this.#state.kind !== "open") return;
    this.#parts.outgoing.discard();
    this.#parts.incoming.discard();
    this.#shut(memoryFailure(systemCode, `the connection to ${this.remoteAddress} broke: ${why}`));
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    if (this.#handlers === undefined || this.#state.kind !== "open") return;
    this.#parts.incoming.deliver(paused ? "paused" : "flowing");
  }

  #onPeerEnd(): void {
    if (this.#state.kind !== "open") return;
    this.#state = { ...this.#state, peerEnded: true };
    this.#handlers?.onEnd();
    this.#closeWhenBothEnded();
  }

  #closeWhenBothEnded(): void {
    if (this.#state.kind === "open" && this.#state.endSent && this.#state.peerEnded) this.#shut(undefined);
  }

  #shut(error: UsmpError | undefined): void {
    this.#state = { kind: "closing", error };
    this.#parts.onEnded();
    if (this.#handlers !== undefined) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#parts.clock.afterReadPass(() => {
      if (this.#state.kind !== "closing") return;
      const { error } = this.#state;
      this.#state = { kind: "closed" };
      if (error === undefined) this.#handlers?.onClose();
      else this.#handlers?.onClose(error);
    });
  }
}

/** TRANSPORT with a cause that looks like the system's own. */
export function memoryFailure(systemCode: string, message: string): UsmpError {
  const cause = Object.assign(new Error(`${systemCode} (simulated)`), { code: systemCode });
  return new UsmpError("TRANSPORT", `${message} (${systemCode})`, { cause });
}
