/**
 * A gateway to try the sketches with: prints what they send, and sends each line that is typed to all of them.
 *
 *     npx tsx examples/sketches/gateway.ts
 */
import { createInterface } from "node:readline";
import { Usmp } from "usmp";

const PSK = process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod";
const PORT = Number(process.env["USMP_PORT"] ?? 9000);

/** Text as it is, quoted; anything else in hex. */
function shown(data: Uint8Array): string {
  const text = data.toString();
  return /[^\s\x20-\x7e]/.test(text) ? Buffer.from(data).toString("hex") : JSON.stringify(text);
}

const gateway = new Usmp(PSK);
gateway.onConnect((session) => console.log(session.deviceId, "connected"));
gateway.onDisconnect((reason, session) => console.log(session.deviceId, "disconnected:", reason.code));
gateway.onMessage((data, _len, session) => console.log(session.deviceId, shown(data)));
gateway.on("refused", (reason, address) => console.log(address, "refused:", reason.message));
const [place] = await gateway.listen(Usmp.TCP("0.0.0.0", PORT), Usmp.UDP("0.0.0.0", PORT));
console.log(`listening on port ${place!.port}`);

// Until the input ends, or a signal such as Ctrl-C.
const lines = createInterface({ input: process.stdin });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => lines.close());
for await (const line of lines) {
  if (gateway.broadcast(line) === 0) console.log("no device took it");
}
await gateway.close();
