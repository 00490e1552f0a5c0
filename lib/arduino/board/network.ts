import type { Dialer } from "../../transport/transport.js";

/** A network that a test gives a board instead of the real one. */
export interface BoardNetwork {
  /** Whether the board is on the network. */
  readonly up: boolean;
  /** What replaces TCP or UDP to this host and port. */
  dialer(kind: "tcp" | "udp", host: string, port: number): Dialer;
  /** The board lost its power, or was reset: its links fall silent without notice to their other ends. */
  silence(): void;
}
