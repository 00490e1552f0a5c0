import type { Dialer } from "../../transport/transport.js";

/** What is at a board's other end in place of the real network: a test gateway. */
export interface BoardNetwork {
  /** Whether the board is on the network. */
  readonly up: boolean;
  /** Stands in for TCP or UDP to this host and port. */
  dialer(kind: "tcp" | "udp", host: string, port: number): Dialer;
  /** The board lost its supply, or was reset: its links fall silent, and nobody at their other ends is told. */
  silence(): void;
}
