/** How long programs take that do next to nothing: from their start to their end, as whoever starts them sees it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Contestant } from "./comparison.js";

export function program(name: string, script: string, ...args: readonly string[]): Contestant {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const launch = async (): Promise<number> => {
    const start = performance.now();
    const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`${script} ended with ${String(code)}`);
    return performance.now() - start;
  };
  return {
    name,
    start: () =>
      Promise.resolve({
        // The system has the files in memory afterwards.
        warmUp: async () => void (await launch()),
        measure: async () => ({ ms: await launch() }),
        stop: () => Promise.resolve(),
      }),
  };
}
