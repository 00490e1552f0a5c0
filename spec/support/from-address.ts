import { once } from "node:events";
import { connect } from "node:net";
import { TcpLink } from "../../lib/transport/tcp-link.js";
import type { Dialer } from "../../lib/transport/transport.js";
import { LOOPBACK } from "./session-echo.js";

/** Dials a port of this machine from another of its addresses: on Linux all of 127.0.0.0/8 are. */
export function dialerFrom(localAddress: string, port: number): Dialer {
  return {
    describe: () => `tcp from ${localAddress}`,
    dial: async () => {
      const socket = connect({ port, host: LOOPBACK, localAddress, allowHalfOpen: true, noDelay: true });
      socket.pause();
      await once(socket, "connect");
      return new TcpLink(socket, LOOPBACK, port);
    },
  };
}
