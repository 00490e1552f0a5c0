/** The gateway: prints what devices send. A line that is typed goes to all of them. `npm run gateway` */
import { createInterface } from "node:readline";
import { Usmp } from "usmp";
import { readKey } from "./key.ts";

const [port = "9000"] = process.argv.slice(2);
const gateway = new Usmp(readKey());

gateway.onConnect((session) => console.log(session.deviceId, "connected"));
gateway.onMessage((data, _len, session) => console.log(session.deviceId, ">", JSON.stringify(data.toString())));
gateway.onDisconnect((reason, session) => console.log(session.deviceId, "left:", reason.code));
gateway.on("refused", (reason, address) => console.log(address, "refused:", reason.message));

const [listening] = await gateway.listen(Usmp.TCP("0.0.0.0", Number(port))).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error); // another program has the port
  process.exit(1);
});
console.log(`listening on port ${listening?.port ?? port}; type "on" or "off", Ctrl-C ends`);

const typed = createInterface(process.stdin);
typed.on("line", (line) => {
  if (gateway.broadcast(line) === 0) console.log("no device took it");
});

// Ctrl-C, a service manager, a terminal that was closed: the devices get BYE.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    typed.close();
    gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
