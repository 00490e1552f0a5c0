import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { promisify } from "node:util";

import { pythonWithSdk } from "../spec/support/python-environment.js";
import { mosquitto } from "./mosquitto.js";

const run = promisify(execFile);

/** Node and the machine, in one line. */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return (
    `Node ${process.version}, OpenSSL ${process.versions.openssl}, ${process.platform} ${release()}, ` +
    `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, ${memory}`
  );
}

/** The versions of the others. */
export async function describePeers(): Promise<string> {
  const program =
    "import sys, importlib.metadata as m; print(f\"usmp {m.version('usmp')} on Python {sys.version.split()[0]}\")";
  const [python, broker, mqtt, sodium] = await Promise.all([
    said(pythonWithSdk(), "-c", program),
    said(mosquitto(), "-h"),
    versionOf("mqtt"),
    versionOf("libsodium-wrappers"),
  ]);
  return `${python}, ${broker.split("\n", 1)[0] ?? ""}, MQTT.js ${mqtt}, libsodium-wrappers ${sodium}`;
}

async function said(program: Promise<string>, ...args: readonly string[]): Promise<string> {
  try {
    return (await run(await program, args)).stdout.trim();
  } catch (error) {
    // mosquitto's help ends with an exit code of its own.
    const { stdout = "" } = error as { readonly stdout?: string };
    return stdout.trim();
  }
}

async function versionOf(name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8")) as { version: string };
  return version;
}
