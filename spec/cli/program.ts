/** The program itself, in processes of their own. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually as until } from "../support/patience.js";
import { Transcript } from "./terminal.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const MAIN = fileURLToPath(new URL(`../../lib/cli/main${EXTENSION}`, import.meta.url));

/** `node` and its arguments, without those of the program. */
export const COMMAND = [process.execPath, ...(EXTENSION === ".ts" ? ["--import", "tsx"] : []), MAIN] as const;

export const PSK = "a key of enough text";

export interface Program {
  readonly child: ChildProcess;
  readonly err: Transcript;
  readonly exit: Promise<[exitCode: number | null, signal: string | null]>;
}

export interface StartOptions {
  /** Gives the command that runs the program's own; without it the program is started directly. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
  /** Where output goes: a file, or by default a pipe. */
  readonly stdout?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Programs that a spec starts, and that end with it. */
export class Programs {
  readonly #running: Program[] = [];

  start(argv: readonly string[], options: StartOptions = {}): Program {
    const { wrap = (command: readonly string[]) => command, stdout = "pipe", env = { USMP_PSK: PSK } } = options;
    const stdio: StdioOptions = ["pipe", stdout, "pipe"];
    const [command, ...args] = wrap([...COMMAND, ...argv]) as [string, ...string[]];
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio });
    const exit = once(child, "exit") as Program["exit"];
    const program = { child, err: new Transcript(child.stderr as NodeJS.ReadableStream), exit };
    this.#running.push(program);
    return program;
  }

  /** A gateway that has begun to listen, found by its log: its output is for the spec to read, or not. */
  async serve(args: readonly string[] = [], options?: StartOptions): Promise<{ program: Program; port: number }> {
    const program = this.start(["serve", "--host", "127.0.0.1", "--port", "0", "--log", ...args], options);
    const [, port] = await program.err.match(/"port":(\d+)/, PATIENCE_MS);
    return { program, port: Number(port) };
  }

  async end(): Promise<void> {
    for (const { child, exit } of this.#running.splice(0)) {
      child.kill("SIGKILL");
      await exit;
    }
  }
}

/** A start of the program on a busy machine. */
export const PATIENCE_MS = 45_000;

/** What makes a command process 1 of a container, as far as signals go, and dies with it; null where that is not allowed. */
export function processOne(): readonly string[] | null {
  const unshare = ["unshare", "--pid", "--fork", "--kill-child"];
  for (const command of [unshare, [...unshare, "--user", "--map-root-user"]])
    if (spawnSync(command[0] as string, [...command.slice(1), "true"]).status === 0) return command;
  return null;
}

/** The only child of a process, as Linux knows it. */
export function childOf({ child: { pid } }: Pick<Program, "child">): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim());
}

/** What `find` gives once it is not null. */
export async function eventually<Found>(find: () => Found | null): Promise<Found> {
  let found: Found | null = null;
  await until(() => (found = find()) !== null, find.toString());
  return found!;
}
