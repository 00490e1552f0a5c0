// Things done at a steady rate, whatever each of them takes.
import { setTimeout as sleep } from "node:timers/promises";
import { performance } from "node:perf_hooks";

const STEP_MS = 1;

/** Calls `each(index)` for 0 to `count` - 1, spread evenly over `ms`; what is late is made up for at once. */
export async function spread(count, ms, each) {
  const start = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, 1 + Math.floor(((performance.now() - start) / ms) * count));
    while (done < due) each(done++);
    await sleep(STEP_MS);
  }
}

/** As `spread`, at so many a second; resolves with what each came to, rejects with the first failure. */
export async function paced(count, perSecond, each) {
  const started = [];
  await spread(count, (count / perSecond) * 1000, (index) => {
    const result = each(index);
    // Whoever waits for all of them hears of it; until then it is not unheard.
    result.catch(() => {});
    started.push(result);
  });
  return Promise.all(started);
}

const MAX_TRIES = 4;

/** Devices try again, so these do; how often one had to is in `tries.again`. */
export const tries = { again: 0 };

export async function connectAtLast(client) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.connect();
    } catch (error) {
      if (attempt === MAX_TRIES) throw error;
      tries.again++;
    }
  }
}
