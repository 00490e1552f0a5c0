import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Output } from "./output.js";
import { systemReason } from "./system-error.js";

/** What a command gets from the process, so that a test can give it something else. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants the command to stop, in an orderly way. */
  readonly signal: AbortSignal;
  /** Called when the command starts to heed `signal`. Until then only the end of the process stops it. */
  readonly onRunning?: () => void;
  /** The command that starts the program, for lines that the user may paste. Default `usmp`. */
  readonly program?: string;
}

/** What the shell sees. */
export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line itself is wrong: nothing was tried. */
export class UsageError extends Error {}

/** How long a stopped command waits for a slow reader of its output, unless it says otherwise. */
const STOP_GRACE_MS = 1_000;

/** What every command works with. */
export class Context {
  readonly stdin: Readable;
  readonly env: Surroundings["env"];
  readonly program: string;
  /** Aborts when the user stops the command, or its output can no longer be written (`usmp serve | head -1`). */
  readonly signal: AbortSignal;
  readonly stdout: Output;
  readonly #stderr: Output;
  readonly #stop: AbortSignal;
  readonly #onRunning: () => void;
  #stoppedAtMs = performance.now();
  #graceMs = STOP_GRACE_MS;

  constructor({ stdin, stdout, stderr, env, signal, onRunning = () => {}, program = "usmp" }: Surroundings) {
    this.stdin = stdin;
    this.env = env;
    this.program = program;
    this.stdout = new Output(stdout);
    this.#stderr = new Output(stderr);
    this.#stop = signal;
    this.#onRunning = onRunning;
    this.signal = AbortSignal.any([signal, this.stdout.broken]);
    signal.addEventListener("abort", () => (this.#stoppedAtMs = performance.now()));
    this.stdout.broken.addEventListener("abort", () => this.#explainFailure());
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

  /** From now on the command ends in an orderly way when {@link signal} aborts, output included, within `graceMs`. */
  running(graceMs = STOP_GRACE_MS): void {
    this.#graceMs = graceMs;
    this.#onRunning();
  }

  /**
   * Waits until all output is written, but no longer than the grace of a command that was stopped. Gives the exit code:
   * a command whose output was lost has failed.
   */
  async finish(exitCode: ExitCode): Promise<ExitCode> {
    const finished = new AbortController();
    await Promise.race([this.#flushed(), this.#graceOver(finished.signal)]);
    finished.abort();
    const hasFailed = this.stdout.failure !== null || this.#stderr.failure !== null;
    return exitCode === ExitCode.OK && hasFailed ? ExitCode.FAILURE : exitCode;
  }

  async #flushed(): Promise<void> {
    await this.stdout.flushed();
    // Afterwards: it may be what explains why stdout failed.
    await this.#stderr.flushed();
  }

  async #graceOver(finished: AbortSignal): Promise<void> {
    if (!this.#stop.aborted) await once(this.#stop, "abort", { signal: finished }).catch(() => {});
    const restMs = this.#stoppedAtMs + this.#graceMs - performance.now();
    await delay(Math.max(0, restMs), undefined, { signal: finished }).catch(() => {});
  }

  #explainFailure(): void {
    const { failure } = this.stdout;
    if (failure !== null) this.tell(`cannot write the output: ${systemReason(failure)}`);
  }
}
