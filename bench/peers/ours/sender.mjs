// Our device, on the built package.
import { TcpTransport, UdpTransport, UsmpClient } from "usmp";
import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";

const { psk, cipher, carrier, port } = setup;
const Transport = carrier === "udp" ? UdpTransport : TcpTransport;

sending(async () => {
  const client = new UsmpClient({ transport: new Transport("127.0.0.1", port), psk, cipher });
  await client.connect();
  let arrived;
  client.onMessage(() => arrived());
  return {
    send: (data) => client.send(data),
    drained: () => new Promise((resolve) => client.once("drain", resolve)),
    echo(data) {
      client.send(data);
      return new Promise((resolve) => (arrived = resolve));
    },
    close: () => client.disconnect(),
  };
});
