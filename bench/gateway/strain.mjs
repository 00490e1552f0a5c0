// What keeps this process from answering at once, since it began: milliseconds.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";

const pauses = { gcMs: 0, longestGcMs: 0 };

new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    pauses.gcMs += duration;
    pauses.longestGcMs = Math.max(pauses.longestGcMs, duration);
  }
}).observe({ entryTypes: ["gc"] });

/** It looks this often: what it calls a stall is longer. */
const RESOLUTION_MS = 20;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

/** `waitedMs`: it wanted to run, and the machine ran something else. `longestStallMs`, of the event loop, and `longestGcMs` start anew with each call. */
export function strain() {
  const { user, system } = process.cpuUsage();
  const { gcMs, longestGcMs } = pauses;
  pauses.longestGcMs = 0;
  const longestStallMs = delay.max / 1e6;
  delay.reset();
  return { cpuMs: (user + system) / 1000, waitedMs: waited(), gcMs, longestGcMs, longestStallMs };
}

/** The main thread's, as Linux counts it: time on the processor, time waiting for it, turns. NaN where nobody counts. */
function waited() {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return NaN;
  }
}
