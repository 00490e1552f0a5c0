/**
 * A device in promise style: three questions, three answers, and goodbye.
 *
 *     npx tsx examples/echo-promise.ts &
 *     npx tsx examples/client-promise.ts 127.0.0.1
 */
import { isUsmpError, UsmpClient } from "usmp";

const [host = "127.0.0.1", port = "9000"] = process.argv.slice(2);
const client = new UsmpClient({
  host,
  port: Number(port),
  psk: process.env["USMP_PSK"] ?? "usmp-dev-psk-change-me-before-prod",
});

try {
  await client.connect();
  for (const question of ["one", "two", "three"]) {
    await client.sendAsync(question);
    const answer = await client.recv({ timeoutMs: 5_000 });
    console.log(question, "->", answer.toString());
  }
  console.log(`round trip ${(await client.ping()).toFixed(1)} ms`);
} catch (error) {
  if (!isUsmpError(error)) throw error;
  console.error(error.code, error.message);
  process.exitCode = 1;
} finally {
  await client.disconnect();
}
