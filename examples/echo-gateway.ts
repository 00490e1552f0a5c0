/**
 * A gateway in callback style: it prints every message and sends it back.
 *
 *     npx tsx examples/echo-gateway.ts [port]
 */
import { Usmp } from "usmp";

const port = Number(process.argv[2] ?? 9000);
const gateway = new Usmp(process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod");

gateway.onConnect((session) => console.log(session.deviceId, "connected from", session.remoteAddress));
gateway.onMessage(async (data, len, session) => {
  console.log(session.deviceId, `RX ${len}`, JSON.stringify(data.toString()));
  // Waits for room: send() would give false, and the answer would be lost.
  await session.sendAsync(data);
});
gateway.onDisconnect((reason, session) => console.log(session.deviceId, "left:", reason.code));
gateway.onError((error) => console.error(error.message));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => void gateway.close());

const [listening] = await gateway.listen(Usmp.TCP("0.0.0.0", port));
console.log("listening on port", listening?.port);
