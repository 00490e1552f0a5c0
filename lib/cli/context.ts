import type { Readable, Writable } from "node:stream";
import { systemCodeOf } from "../errors.js";
import { Output } from "./output.js";

/** What a command gets from the process, so that a test can give it something else. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants the command to stop, in an orderly way. */
  readonly signal: AbortSignal;
}

/** What the shell sees. */
export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line itself is wrong: nothing was tried. */
export class UsageError extends Error {}

/** The system's own word for a failure (`ENOENT`), or what was thrown as text. */
export function codeOf(cause: unknown): string {
  return systemCodeOf(cause) ?? String(cause);
}

/** What every command works with. */
export class Context {
  readonly stdin: Readable;
  readonly env: Surroundings["env"];
  /** Aborts when the user stops the command, or nobody reads its output any more (`usmp serve | head -1`). */
  readonly signal: AbortSignal;
  readonly stdout: Output;
  readonly #stderr: Output;

  constructor({ stdin, stdout, stderr, env, signal }: Surroundings) {
    this.stdin = stdin;
    this.env = env;
    this.stdout = new Output(stdout);
    this.#stderr = new Output(stderr);
    this.signal = AbortSignal.any([signal, this.stdout.broken]);
  }

  /** Says on stderr how things stand; stdout is for what the command is there to print. */
  tell(line: string): void {
    void this.#stderr.line(`usmp: ${line}`);
  }

  /** As {@link tell}, for what the user should change. */
  warn(line: string): void {
    this.tell(`warning: ${line}`);
  }

  /** Help and the like, as it is. */
  write(text: string, to: "stdout" | "stderr"): void {
    void (to === "stdout" ? this.stdout : this.#stderr).text(text);
  }
}
