// Our gateway, on the built package.
import { TcpTransport, UdpTransport, UsmpServer } from "usmp";
import { counted, listening } from "../receiving.mjs";
import { setup } from "../setup.mjs";

const { psk, cipher, carrier } = setup;

/** A thousand devices at one address, which come and go as fast as they can. */
const LIMITS = {
  maxSessions: 5_000,
  maxSessionsPerAddress: 5_000,
  maxHandshakesPerAddress: 256,
  maxHandshakesPerSecond: 100_000,
  maxHandshakesPerSecondPerAddress: 100_000,
  handshakeBurstPerAddress: 100_000,
  maxCookiesPerSecond: 100_000,
};

const server = new UsmpServer({ psk, cipher, ...LIMITS });
server.onSession((session) => {
  session.onMessage((data) => {
    if (!counted(1)) session.send(data);
  });
});
const Transport = carrier === "udp" ? UdpTransport : TcpTransport;
const [{ port }] = await server.listen(new Transport("127.0.0.1", 0));
listening(port);
