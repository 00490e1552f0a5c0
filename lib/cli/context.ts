import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Output } from "./output.js";
import { systemReason } from "./system-error.js";

/** Everything that a command gets from the process. A test passes its own. */
export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user asks the command to stop in an orderly way. */
  readonly signal: AbortSignal;
  /** Called when the command starts to react to `signal`. Until then, only the end of the process stops it. */
  readonly onRunning?: () => void;
  /** The command that starts the program, for lines that the user can paste. Default `usmp`. */
  readonly program?: string;
}

/** The exit codes of the program. */
export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error in the command line. Nothing was done. */
export class UsageError extends Error {}

/** How long a stopped command waits for a slow reader of its output by default. */
const STOP_GRACE_MS = 1_000;

/** Output, signals and environment of a command. */
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

  /** Writes a status line to stderr. stdout is for the command's results. */
  tell(line: string): void {
    void this.#stderr.line(`usmp: ${line}`);
  }

  /** Writes a warning to stderr: something that the user should change. */
  warn(line: string): void {
    this.tell(`warning: ${line}`);
  }

  /** Writes text as it is, such as help. */
  write(text: string, to: "stdout" | "stderr"): void {
    void (to === "stdout" ? this.stdout : this.#stderr).text(text);
  }

  /** From now on the command ends within `graceMs` when {@link signal} aborts, including its output. */
  running(graceMs = STOP_GRACE_MS): void {
    this.#graceMs = graceMs;
    this.#onRunning();
  }

  /**
   * Waits until all output is written; if the command was stopped, at most for its grace period. Returns the exit code.
   * A command whose output was lost has failed.
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
    // Last, because it may hold the reason why stdout failed.
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
