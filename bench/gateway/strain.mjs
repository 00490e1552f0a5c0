// What keeps this process from answering at once, since it began: milliseconds.
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";

const pauses = { gcMs: 0, longestGcMs: 0 };

new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    pauses.gcMs += duration;
    pauses.longestGcMs = Math.max(pauses.longestGcMs, duration);
  }
}).observe({ entryTypes: ["gc"] });

/** `waitedMs`: it wanted to run, and the machine ran something else. `longestGcMs` starts anew with each call. */
export function strain() {
  const { user, system } = process.cpuUsage();
  const { gcMs, longestGcMs } = pauses;
  pauses.longestGcMs = 0;
  return { cpuMs: (user + system) / 1000, waitedMs: waited(), gcMs, longestGcMs };
}

/** The main thread's, as Linux counts it: time on the processor, time waiting for it, turns. NaN where nobody counts. */
function waited() {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return NaN;
  }
}
