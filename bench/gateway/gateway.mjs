// The gateway: a real server of the built package on TCP and UDP, which sends back what comes. Argument: PSK.
import { TcpTransport, UdpTransport, UsmpServer } from "usmp";

import { obey, tell } from "../peers/control.mjs";

const [psk] = process.argv.slice(2);

/** All honest devices share one address here; everything else is the default. */
const LIMITS = {
  maxSessions: 20_000,
  maxSessionsPerAddress: 20_000,
  maxHandshakesPerAddress: 256,
  maxHandshakesPerSecondPerAddress: 1_000,
  handshakeBurstPerAddress: 1_000,
};
const server = new UsmpServer({ psk, ...LIMITS });
const counts = { established: 0, silent: 0, refused: 0 };

server.onSession((session) => {
  counts.established++;
  session.onMessage((data) => session.send(data));
});
server.onTimeout(() => counts.silent++);
server.on("refused", () => counts.refused++);

obey({ counts: () => ({ ...counts, live: server.sessions().length }) });
const [tcp, udp] = await server.listen(new TcpTransport("127.0.0.1", 0), new UdpTransport("127.0.0.1", 0));
tell({ event: "listening", tcp: tcp.port, udp: udp.port });
