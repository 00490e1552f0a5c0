/** The broker that MQTT.js publishes to: the distribution's package. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTALL_LIMIT_MS = 240_000;

let found: Promise<string> | undefined;

/** The program's path. Installs the package where that is possible; else rejects with what to do. */
export function mosquitto(): Promise<string> {
  return (found ??= find());
}

async function find(): Promise<string> {
  const there = await whereItIs();
  if (there !== null) return there;
  try {
    await run("apt-get", ["update", "-qq"], { timeout: INSTALL_LIMIT_MS });
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "mosquitto"], {
      timeout: INSTALL_LIMIT_MS,
    });
  } catch (cause) {
    throw new Error("mosquitto is missing: install it (Debian, Ubuntu: sudo apt-get install mosquitto)", { cause });
  }
  const installed = await whereItIs();
  if (installed === null) throw new Error("mosquitto was installed, and is still not in PATH or /usr/sbin");
  return installed;
}

/** /usr/sbin is not in every user's PATH. */
async function whereItIs(): Promise<string | null> {
  for (const program of ["mosquitto", "/usr/sbin/mosquitto"]) {
    try {
      await run(program, ["-h"]);
      return program;
    } catch (error) {
      // Its help ends with an exit code of its own.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") return program;
    }
  }
  return null;
}
