// mosquitto, a process of its own, with one listener for TLS with a pre-shared key and no certificate. With `subscribes`, this
// process counts what the broker passes on.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { counted, listening } from "../receiving.mjs";
import { setup } from "../setup.mjs";
import { connectPsk, IDENTITY, TOPIC } from "./connect-psk.mjs";

const STARTED = /mosquitto version .* running/;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const port = await freePort();
const folder = mkdtempSync(join(tmpdir(), "usmp-bench-mosquitto-"));
const pskFile = join(folder, "psk.txt");
const configFile = join(folder, "mosquitto.conf");
const config = [
  `listener ${port} 127.0.0.1`,
  `psk_file ${pskFile}`,
  "psk_hint usmp",
  "use_identity_as_username true",
  "tls_version tlsv1.2",
  `ciphers ${setup.suite}`,
  "allow_anonymous false",
  "persistence false",
  "set_tcp_nodelay true",
  // A subscriber that is slow for a moment must not miss anything.
  "max_queued_messages 0",
  "log_dest stderr",
  // As root it would drop to a user who cannot read the key.
  ...(process.getuid?.() === 0 ? ["user root"] : []),
];
writeFileSync(pskFile, `${IDENTITY}:${Buffer.from(setup.psk).toString("hex")}\n`, { mode: 0o600 });
writeFileSync(configFile, `${config.join("\n")}\n`);

const broker = spawn(setup.program, ["-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
process.on("exit", () => {
  broker.kill();
  rmSync(folder, { recursive: true, force: true });
});
broker.on("exit", (code) => {
  process.stderr.write(`mosquitto ended with ${code}\n`);
  process.exit(1);
});
for await (const line of createInterface({ input: broker.stderr })) {
  process.stderr.write(`${line}\n`);
  if (STARTED.test(line)) break;
}
broker.stderr.resume();

if (setup.subscribes) {
  const client = await connectPsk(port);
  await client.subscribeAsync(TOPIC);
  client.on("message", () => counted(1));
}
listening(port);
