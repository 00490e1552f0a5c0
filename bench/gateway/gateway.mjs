// The gateway: a real server on TCP and UDP of the built package, which sends back what comes. Argument: PSK.
import { TcpTransport, UdpTransport, UsmpServer } from "usmp";
import { obey, tell } from "../peers/lines.mjs";
import { memory } from "./memory.mjs";
import { strain } from "./strain.mjs";

const [psk] = process.argv.slice(2);

/** Room for the sessions of the bench; what is allowed of handshakes is the default. */
const server = new UsmpServer({ psk, maxSessions: 20_000, maxSessionsPerAddress: 1_000 });
let established = 0;
let refused = 0;
let silent = 0;
const refusals = {};
const errors = [];

server.onSession((session) => {
  established++;
  session.onMessage((data) => session.send(data));
});
server.onTimeout(() => silent++);
server.onError((error) => errors.push(`${error.code}: ${error.message}`));
server.on("refused", ({ code }) => {
  refused++;
  refusals[code] = (refusals[code] ?? 0) + 1;
});

obey({
  memory,
  strain,
  counts: () => ({
    live: server.sessions().length,
    established,
    silent,
    refused,
    refusals,
    errors: errors.slice(0, 5),
  }),
});
const [tcp, udp] = await server.listen(new TcpTransport("127.0.0.1", 0), new UdpTransport("127.0.0.1", 0));
tell({ event: "listening", tcp: tcp.port, udp: udp.port });
