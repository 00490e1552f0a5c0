/** What the figures were taken on, and what else it did meanwhile. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { pythonWithSdk } from "../spec/support/python-environment.js";

const SAMPLE_MS = 500;

/** Percent of all cores that others use while the bench waits. */
export async function othersPercent(): Promise<number> {
  const read = (): { idle: number; all: number } => {
    const times = cpus().flatMap((core) => Object.entries(core.times));
    const sum = (entries: typeof times): number => entries.reduce((total, [, ms]) => total + ms, 0);
    return { idle: sum(times.filter(([kind]) => kind === "idle")), all: sum(times) };
  };
  const before = read();
  await sleep(SAMPLE_MS);
  const after = read();
  return Math.round(100 * (1 - (after.idle - before.idle) / (after.all - before.all)));
}

/** Above this percentage the figures say more of the others. */
const QUIET_PERCENT = 10;

export async function describeMachine(others: number): Promise<string> {
  const { node, openssl } = process.versions;
  const gib = Math.round(totalmem() / 2 ** 30);
  const program =
    "import importlib.metadata as m, platform as p; print('usmp', m.version('usmp'), 'on Python', p.python_version())";
  const python = execFileSync(await pythonWithSdk(), ["-c", program], { encoding: "utf8" }).trim();
  const busy =
    others > QUIET_PERCENT
      ? `**not quiet: other programs used up to ${others} % of it**`
      : `other programs used up to ${others} % of it`;
  return (
    `Node ${node}, OpenSSL ${openssl}, ${process.platform} ${release()}, ${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, ` +
    `${gib} GiB, ${python}; ${busy}`
  );
}

/** What is measured is the built package: throws if it is older than its source. */
export function checkBuild(): void {
  const built = "dist/index.js";
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0;
  const newer = readdirSync("lib", { recursive: true, encoding: "utf8" }).find(
    (file) => file.endsWith(".ts") && statSync(join("lib", file)).mtimeMs > builtAt,
  );
  if (newer !== undefined) throw new Error(`${built} is older than ${join("lib", newer)}: run "npm run build" first`);
}
