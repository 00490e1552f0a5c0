/**
 * The echo gateway in promise style, as one would write it for the Python SDK.
 *
 *     npx tsx examples/echo-promise.ts [port]
 */
import { UsmpServer, type UsmpSession } from "usmp";

const server = new UsmpServer({
  psk: process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod",
  port: Number(process.argv[2] ?? 9000),
});

server.onSession(async (session: UsmpSession) => {
  console.log(session.deviceId, "connected");
  for await (const message of session) await session.sendAsync(message);
  console.log(session.deviceId, "left:", (await session.closed).code);
});

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => stop.abort());

const [listening] = await server.listen();
console.log("listening on port", listening?.port);
await server.serve({ signal: stop.signal });
