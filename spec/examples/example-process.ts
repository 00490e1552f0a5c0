import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { Transcript } from "../cli/terminal.js";

export type Exit = readonly [exitCode: number | null, signal: string | null];

/** A TypeScript file that runs as its readers run it: with tsx, from the package's folder. */
export class ExampleProcess {
  readonly out: Transcript;
  readonly err: Transcript;
  /** When it and its output have ended. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(file: string, args: readonly string[] = [], extraEnv: Readonly<Record<string, string>> = {}) {
    const env: NodeJS.ProcessEnv = { ...process.env, ...extraEnv };
    // Coverage is of the compiled library; these run its sources.
    delete env["NODE_V8_COVERAGE"];
    this.#child = spawn(process.execPath, ["--import", "tsx", file, ...args], { env });
    this.out = new Transcript(this.#child.stdout);
    this.err = new Transcript(this.#child.stderr);
    this.exit = once(this.#child, "close") as Promise<[number | null, string | null]>;
  }

  /** What somebody types. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Ctrl-C in its terminal, or another signal. */
  interrupt(signal: NodeJS.Signals = "SIGINT"): Promise<Exit> {
    this.#child.kill(signal);
    return this.exit;
  }

  /** For a test that failed before its process ended. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exit;
  }

  /** The port that a gateway says it listens on. */
  async port(): Promise<string> {
    return (await this.out.match(/listening on port (\d+)[;\n]/))[1] as string;
  }
}
