/**
 * A process with a gateway and a device over real TCP, a session between them, and nothing to do. With the argument "unref" it
 * ends by itself; prints "ready" once the session is there.
 */
import { Usmp } from "../../lib/usmp.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const gateway = new Usmp(PSK);
const device = new Usmp(PSK);
const [address] = await gateway.listen(Usmp.TCP("127.0.0.1", 0));
device.onMessage((data) => {
  process.stdout.write(`ready ${data.toString()}\n`);
  if (process.argv[2] === "unref") {
    gateway.unref();
    device.unref();
  }
});
gateway.onConnect((session) => session.send("hello"));
await device.begin(Usmp.TCP("127.0.0.1", address!.port));
