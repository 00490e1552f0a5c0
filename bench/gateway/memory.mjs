// What this process holds after the garbage is gone. Needs --expose-gc.
import { setImmediate } from "node:timers/promises";

const PASSES = 4;

/** Bytes. `held` is what V8's heap and the buffers outside of it hold; `rss` is what the system has given, used or not. */
export async function memory() {
  for (let pass = 0; pass < PASSES; pass++) {
    globalThis.gc();
    // What is closed is let go of in the turns that follow.
    await setImmediate();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external, heapUsed, external };
}
