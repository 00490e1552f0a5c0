import { checkPlace, DEFAULT_PORT } from "../../transport/place.js";
import { TcpTransport } from "../../transport/tcp.js";
import type { Dialer } from "../../transport/transport.js";
import { UdpTransport } from "../../transport/udp.js";
import type { BoardNetwork } from "../board/network.js";
import type { TextLike } from "../text/arduino-string.js";
import { requireText } from "../text/require-text.js";
import { WiFi } from "../wifi/wifi.js";

/** Shared by every copy of this library in the process. */
const BRAND = Symbol.for("usmp.arduino.transport");

/** The target of `usmp.begin()`, made by `USMP.TCP()` and `USMP.UDP()`. */
export class BoardTransport {
  readonly kind: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  #wifi: readonly [ssid: TextLike, password: TextLike] | null = null;

  /** @throws UsmpError INVALID_ARG for a value that is not a host, or not a port from 0 to 65535 */
  constructor(kind: "tcp" | "udp", host: TextLike, port: number) {
    this.kind = kind;
    requireText("host", host);
    this.host = host.toString();
    this.port = port;
    checkPlace(this.host, port);
  }

  /**
   * Names the WiFi that a board joins first. A computer has its network already: only `WiFi` reports the connection.
   */
  wifi(ssid: TextLike, password: TextLike): this {
    requireText("ssid", ssid);
    requireText("password", password);
    this.#wifi = [ssid, password];
    return this;
  }

  /** Joins the network of `wifi()`, if one was named. */
  join(): void {
    if (this.#wifi !== null) WiFi.begin(...this.#wifi);
  }

  /** The dialer on a board with this network; null for the real one. */
  dialerOn(network: BoardNetwork | null): Dialer {
    const { kind, host, port } = this;
    if (network !== null) return network.dialer(kind, host, port);
    return kind === "tcp" ? new TcpTransport(host, port) : new UdpTransport(host, port);
  }
}

Object.defineProperty(BoardTransport.prototype, BRAND, { value: true });

/** Whether `value` is a {@link BoardTransport}, of any copy of this library. */
export function isBoardTransport(value: unknown): value is BoardTransport {
  return typeof value === "object" && value !== null && BRAND in value;
}

/**
 * How a sketch names its gateway: `USMP.TCP("192.168.1.100")`, `USMP.UDP(host, 9001).wifi("my network", "its
 * password")`.
 */
export const USMP = {
  TCP: (host: TextLike, port: number = DEFAULT_PORT): BoardTransport => new BoardTransport("tcp", host, port),
  UDP: (host: TextLike, port: number = DEFAULT_PORT): BoardTransport => new BoardTransport("udp", host, port),
} as const;

/** Memory for a connection without a heap on a board: `usmp.begin(transport, context)`. Here it holds nothing. */
export class USMPArduinoTcpCtx {
  readonly kind = "tcp";
}

/** As {@link USMPArduinoTcpCtx}, for UDP. */
export class USMPArduinoUdpCtx {
  readonly kind = "udp";
}
