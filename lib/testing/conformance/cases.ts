/**
 * One behaviour that a transport must have: `it(name, run)` in any test runner. `run` rejects if the transport lacks
 * it.
 */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Collects cases under the headings that `describe` gives; `around` runs each case, and cleans up. */
export class CaseList {
  readonly cases: ConformanceCase[] = [];
  readonly #around: (body: () => Promise<void>) => Promise<void>;
  #heading = "";

  constructor(around: (body: () => Promise<void>) => Promise<void>) {
    this.#around = around;
  }

  readonly describe = (heading: string, body: () => void): void => {
    this.#heading = `${heading}: `;
    body();
    this.#heading = "";
  };

  readonly it = (name: string, body: () => Promise<void>): void => {
    this.cases.push({ name: this.#heading + name, run: () => this.#around(body) });
  };
}

/** Longer than anything takes on a loopback interface, in milliseconds. */
const LIMIT_MS = 30_000;
const QUIET_TURNS = 50;

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves or rejects as `promise` does. Rejects after 30 s. */
export async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `value` has been the same for 50 turns of the event loop. */
export async function untilStill(value: () => number): Promise<void> {
  for (let unchanged = 0, last = value(); unchanged < QUIET_TURNS;) {
    await turn();
    unchanged = value() === last ? unchanged + 1 : 0;
    last = value();
  }
}

/** Waits until `ready`. Rejects after 30 s. */
export async function until(ready: () => boolean): Promise<void> {
  const late = AbortSignal.timeout(LIMIT_MS);
  for (; !ready(); await turn()) late.throwIfAborted();
}
