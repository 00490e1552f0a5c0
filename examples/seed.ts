/**
 * The seed of it all: a device that says hello and prints what comes back.
 *
 *     npx tsx examples/echo-gateway.ts &
 *     npx tsx examples/seed.ts 127.0.0.1
 */
import { Usmp } from "usmp";

const [host = "127.0.0.1", port = "9000"] = process.argv.slice(2);
const usmp = new Usmp(process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod");

usmp.onConnect(() => usmp.send("hello"));
usmp.onMessage((data, len) => console.log(`RX ${len}`, data.toString()));
usmp.onReconnect(() => console.log("new session", usmp.sessionId()));
usmp.onDisconnect((reason) => {
  console.log("lost:", reason.code);
  // After a loss it comes back by itself; BYE means that the gateway wants no more.
  if (reason.code === "BYE") void usmp.close();
});
usmp.onError((error) => console.log("trying again:", error.message));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => void usmp.close());

await usmp.begin(Usmp.TCP(host, Number(port)));
