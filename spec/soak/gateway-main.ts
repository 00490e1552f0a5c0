/** A gateway that sends every message back. Arguments: carrier, port (0: any). Tells its parent the port. */
import { Usmp } from "../../lib/index.js";
import { PSK } from "../support/facade-rig.js";

const [, , carrier, port] = process.argv;
const gateway = new Usmp(PSK, {
  // Everybody comes from one address here, as often as it can.
  maxSessionsPerAddress: 10_000,
  maxHandshakesPerAddress: 256,
  maxHandshakesPerSecond: 100_000,
  maxHandshakesPerSecondPerAddress: 100_000,
  handshakeBurstPerAddress: 100_000,
});
gateway.onMessage((data, _length, session) => session.send(data));
const place = carrier === "udp" ? Usmp.UDP("127.0.0.1", Number(port)) : Usmp.TCP("127.0.0.1", Number(port));
const [address] = await gateway.listen(place);
process.send?.({ port: address?.port });
process.on("disconnect", () => process.exit());
