import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("idle-crowd.mjs", import.meta.url));

/** What became of the crowd's connections. */
export interface CrowdReport {
  readonly opened: number;
  readonly failed: number;
  readonly closed: number;
  /** The longest time from a connection's begin to its end. */
  readonly slowestCloseMs: number;
}

/** Many connections from addresses of their own that say nothing, in a process of their own: each costs a file descriptor there. */
export class IdleCrowd {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #gone: Promise<unknown>;

  /** `address`: where all of them come from. */
  constructor(port: number, count: number, address?: string) {
    const env: NodeJS.ProcessEnv = { ...process.env };
    delete env["NODE_V8_COVERAGE"];
    const args = [process.execPath, SCRIPT, String(port), String(count), ...(address === undefined ? [] : [address])];
    // As many descriptors as the system allows, for this process alone.
    const raised = ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$@"', "sh", ...args];
    this.#child = spawn("sh", raised, { env, stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout!.on("data", (chunk: Buffer) => this.#lines.push(...chunk.toString().split("\n")));
    this.#gone = once(this.#child, "close");
  }

  /** Whether all have tried to connect. */
  get allOpened(): boolean {
    return this.#lines.includes("opened");
  }

  /** When all were closed by the other end. */
  async report(): Promise<CrowdReport> {
    await this.#gone;
    return JSON.parse(this.#lines.find((line) => line.startsWith("{")) ?? "null") as CrowdReport;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }
}
