// Our sending end, on the built package. Arguments: PSK, cipher, carrier, port.
import { performance } from "node:perf_hooks";

import { TcpTransport, UdpTransport, UsmpClient } from "usmp";
import { obey, tell } from "./lines.mjs";

const [psk, cipher, carrier, port] = process.argv.slice(2);

const Transport = carrier === "udp" ? UdpTransport : TcpTransport;
const client = new UsmpClient({ transport: new Transport("127.0.0.1", Number(port)), psk, cipher });

obey({
  async push({ messages, size }) {
    const data = new Uint8Array(size);
    for (let sent = 0; sent < messages;) {
      if (client.send(data)) sent++;
      else await new Promise((resolve) => client.once("drain", resolve));
    }
  },

  async echo({ messages, size }) {
    const data = new Uint8Array(size);
    const microseconds = [];
    for (let round = 0; round < messages; round++) {
      const start = performance.now();
      client.send(data);
      await client.recv();
      microseconds.push((performance.now() - start) * 1000);
    }
    return { microseconds };
  },
});
await client.connect();
tell({ event: "connected" });
