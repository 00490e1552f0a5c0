import { PassThrough } from "node:stream";
import { run } from "../../lib/cli/run.js";
import { eventually, soon } from "../support/patience.js";

/** Resolves when `condition` holds, which is tried once in every turn of the event loop. */
export function until(condition: () => boolean): Promise<void> {
  return eventually(condition, condition.toString());
}

/** What a stream has said so far, and what it will say. */
export class Transcript {
  text = "";
  readonly #heard = new Set<() => void>();

  constructor(stream: NodeJS.ReadableStream) {
    stream.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      for (const heard of this.#heard) heard();
    });
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Resolves with the first match, now or later. */
  async match(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    let check = (): void => {};
    const matched = new Promise<RegExpExecArray>((resolve) => {
      check = () => {
        const found = pattern.exec(this.text);
        if (found !== null) resolve(found);
      };
      this.#heard.add(check);
      check();
    });
    try {
      return await soon(matched, String(pattern), limitMs);
    } catch (cause) {
      throw new Error(`no ${String(pattern)} in ${JSON.stringify(this.text)}`, { cause });
    } finally {
      this.#heard.delete(check);
    }
  }
}

export interface TerminalOptions {
  readonly env?: Record<string, string>;
  /** Everything that is typed, and then the input's end. */
  readonly input?: string | Uint8Array;
  /** A reader of stdout that does not read until it is told to. */
  readonly slowReader?: boolean;
}

/** A command that runs in this process, with streams of its own. */
export class Terminal {
  readonly stdin = new PassThrough();
  readonly stdout: PassThrough;
  readonly out: Transcript;
  readonly err: Transcript;
  readonly exitCode: Promise<number>;
  readonly #stop = new AbortController();

  constructor(argv: readonly string[], { env = {}, input, slowReader = false }: TerminalOptions = {}) {
    this.stdout = new PassThrough(slowReader ? { highWaterMark: 64 } : {});
    const stderr = new PassThrough();
    this.out = new Transcript(this.stdout);
    this.err = new Transcript(stderr);
    if (slowReader) this.stdout.pause();
    if (input !== undefined) this.stdin.end(input);
    this.exitCode = run(argv, {
      stdin: this.stdin,
      stdout: this.stdout,
      stderr,
      env,
      signal: this.#stop.signal,
    });
  }

  /** What a first Ctrl-C does. */
  async stop(): Promise<number> {
    this.#stop.abort();
    return this.exitCode;
  }
}

export interface Finished {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
export async function finished(argv: readonly string[], options?: TerminalOptions): Promise<Finished> {
  const terminal = new Terminal(argv, { input: "", ...options });
  const exitCode = await terminal.exitCode;
  return { exitCode, out: terminal.out.text, err: terminal.err.text };
}
