// Our receiving end, on the built package: counts messages, or sends them back. Arguments: PSK, cipher, carrier.
import { performance } from "node:perf_hooks";

import { TcpTransport, UdpTransport, UsmpServer } from "usmp";
import { obey, tell } from "./lines.mjs";

const [psk, cipher, carrier] = process.argv.slice(2);

/** How many messages are still to be counted; at 0 they are sent back. */
let left = 0;
let total = 0;
let firstAt = 0;

const server = new UsmpServer({ psk, cipher });
server.onSession((session) => {
  session.onMessage((data) => {
    if (left === 0) session.send(data);
    else if (left === total) firstAt = performance.now();
    if (left > 0 && --left === 0) tell({ event: "counted", ms: performance.now() - firstAt });
  });
});

obey({
  count({ messages }) {
    total = left = messages;
  },
});
const [{ port }] = await server.listen(new (carrier === "udp" ? UdpTransport : TcpTransport)("127.0.0.1", 0));
tell({ event: "listening", port });
