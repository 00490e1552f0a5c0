/**
 * Ends a process that hangs in a synchronous loop, which no timer of its own could do: a thread beside it looks whether it
 * still moves, and says with which input it stopped.
 */
import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const LONGEST_INPUT = 8_192;
const HEADER_WORDS = 2;

/** What the hanging process leaves behind, on stdout, as its last line. */
export const HANG_PREFIX = "HANG ";

export class Watchdog {
  readonly #header: Int32Array;
  readonly #input: Uint8Array;
  readonly #worker: Worker;

  constructor(patienceMs: number) {
    const shared = new SharedArrayBuffer(4 * HEADER_WORDS + LONGEST_INPUT);
    this.#header = new Int32Array(shared, 0, HEADER_WORDS);
    this.#input = new Uint8Array(shared, 4 * HEADER_WORDS);
    this.#worker = new Worker(__filename, { workerData: { shared, patienceMs } });
    this.#worker.unref();
  }

  /** This input is run now. */
  note(input: Uint8Array): void {
    const length = Math.min(input.length, LONGEST_INPUT);
    this.#input.set(input.subarray(0, length));
    Atomics.store(this.#header, 1, length);
    Atomics.add(this.#header, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function watch({ shared, patienceMs }: { readonly shared: SharedArrayBuffer; readonly patienceMs: number }): void {
  const header = new Int32Array(shared, 0, HEADER_WORDS);
  for (;;) {
    const seen = Atomics.load(header, 0);
    Atomics.wait(header, 0, seen, patienceMs);
    // Before the first input there is nothing to hang in.
    if (seen === 0 || Atomics.load(header, 0) !== seen) continue;
    const input = Buffer.from(new Uint8Array(shared, 4 * HEADER_WORDS, Atomics.load(header, 1)));
    writeSync(1, `${HANG_PREFIX}${input.toString("hex")}\n`);
    process.kill(process.pid, "SIGKILL");
  }
}

if (!isMainThread) watch(workerData as Parameters<typeof watch>[0]);
