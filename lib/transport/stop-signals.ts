import { constants } from "node:os";

/** Signals that ask a program to stop: Ctrl-C, a service manager or container runtime, a closed terminal. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type StopSignal = (typeof STOP_SIGNALS)[number];

/** A terminal and npm may each pass on one Ctrl-C. The same signal within this time counts as the first. */
const SAME_SIGNAL_MS = 300;

/** A request of Node's that occupies a thread of its pool until a name server answers: up to half a minute. */
const LOOKUP = "GetAddrInfoReqWrap";
/** Requests that occupy a thread until a file system answers. */
const FILE_REQUESTS: readonly string[] = ["FSReqCallback", "FSReqPromise"];

/**
 * The signals that stop this process, from construction until {@link release}. Each ends the process at once, with exit
 * code 128 + n, except while the program {@link heed}s them: then the first one aborts {@link signal} instead.
 *
 * It does not rely on the signals' default action, which the system ignores for process 1 of a container.
 */
export class StopSignals {
  readonly #stop = new AbortController();
  readonly #onSignal = (name: StopSignal): void => this.#received(name);
  #isHeeded = false;
  #first: { readonly name: StopSignal; readonly atMs: number } | null = null;

  constructor() {
    for (const name of STOP_SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** From now on the program stops in an orderly way at the first signal. */
  heed(): void {
    this.#isHeeded = true;
  }

  /** The program is stopping. From now on a signal ends it at once. */
  hasten(): void {
    this.#isHeeded = false;
  }

  /** Stops listening for signals. */
  release(): void {
    for (const name of STOP_SIGNALS) process.off(name, this.#onSignal);
  }

  /** Ends the process now, even if something is open. */
  end(exitCode: number): never {
    // `process.exit()` would wait for the lookup. The signal's own action does not.
    if (this.#first !== null && isActive(LOOKUP)) actBySelf(this.#first.name);
    process.exit(exitCode);
  }

  #received(name: StopSignal): void {
    const atMs = performance.now();
    if (this.#isHeeded && this.#first === null) {
      this.#first = { name, atMs };
      this.#stop.abort();
      return;
    }
    if (name === this.#first?.name && atMs - this.#first.atMs < SAME_SIGNAL_MS) return;
    // A shell reports that as 128 + n, too.
    if (isActive(LOOKUP, ...FILE_REQUESTS)) actBySelf(name);
    process.exit(128 + constants.signals[name]);
  }
}

function isActive(...resources: readonly string[]): boolean {
  // Deno has no such function.
  if (!("getActiveResourcesInfo" in process)) return false;
  return process.getActiveResourcesInfo().some((resource) => resources.includes(resource));
}

/** Lets the signal take its default action. Process 1 survives it, because the system protects it. */
function actBySelf(name: StopSignal): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
