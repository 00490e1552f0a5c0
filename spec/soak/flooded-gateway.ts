/** A gateway with its default limits that only listens, over UDP. Tells its parent the port, and on every message the CPU time that it has used. */
import { Usmp } from "../../lib/index.js";
import { PSK } from "../support/facade-rig.js";

const gateway = new Usmp(PSK);
gateway.onMessage(() => {});
const [address] = await gateway.listen(Usmp.UDP("127.0.0.1", 0));
process.send?.({ port: address?.port });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system });
});
process.on("disconnect", () => process.exit());
