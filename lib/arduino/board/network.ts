import type { Dialer } from "../../transport/transport.js";

/** What is at a board's other end in place of the real network: a test gateway. */
export interface BoardNetwork {
  /** Stands in for TCP or UDP to this host and port. */
  dialer(kind: "tcp" | "udp", host: string, port: number): Dialer;
}
