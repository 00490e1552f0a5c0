/**
 * The only real time of `npm test`: bounds that end a wait for what never comes. They say nothing of how fast anything is, so
 * they are far longer than anything takes on a busy machine. Each is below mocha's own limit, which cannot say what was missing.
 */
const PATIENCE_MS = 45_000;

/** For `spawn` and `execFile`, which end a process that runs on. */
export const PROCESS_LIMIT = { timeout: 2 * PATIENCE_MS, killSignal: "SIGKILL" } as const;

// A spec may fake them meanwhile.
const { clearTimeout, setImmediate, setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** Rejects, saying what was awaited, if `promise` never settles. */
export async function soon<T>(promise: PromiseLike<T>, what = "the promise", limitMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, turn by turn of the event loop, until `holds`. */
export async function eventually(holds: () => boolean, what: string, limitMs = PATIENCE_MS): Promise<void> {
  for (const start = now(); !holds(); await turn()) {
    if (now() - start > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
  }
}

/** Waits until `value` has been the same for many turns of the event loop: nothing moves any more. */
export async function standsStill(value: () => unknown): Promise<void> {
  for (let unchanged = 0, last = value(); unchanged < 200;) {
    await turn();
    const now = value();
    unchanged = now === last ? unchanged + 1 : 0;
    last = now;
  }
}

/** One turn of the event loop: every socket that has something is read once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
