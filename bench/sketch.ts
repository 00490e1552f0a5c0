/**
 * What `runSketch` adds to a message's way: a message goes to a sketch in another process and comes back from its `onMessage`,
 * over TCP on this machine, against the same on the plain facade. `npx tsx bench/sketch.ts`
 */
import { setTimeout as sleep } from "node:timers/promises";

import { EchoProcess } from "../spec/support/echo-process.js";
import { quantile } from "./statistics.js";

const ROUNDS = 3;
const TRIPS = 1_000;
const WARM_UP = 200;
/** Between two messages: none at all, or, at random, up to twice this. */
const PAUSES_MS = [0, 5];

for (const pauseMs of PAUSES_MS) {
  const times: Record<"plain" | "sketch", number[]> = { plain: [], sketch: [] };
  // They take turns, so that a busy machine slows both.
  for (let round = 0; round < ROUNDS; round++) {
    for (const which of ["plain", "sketch"] as const) {
      const echo = await EchoProcess.start(which);
      for (let trip = 0; trip < WARM_UP + TRIPS; trip++) {
        const tookMs = await echo.roundTrip("x");
        if (trip >= WARM_UP) times[which].push(tookMs);
        if (pauseMs > 0) await sleep(2 * pauseMs * Math.random());
      }
      await echo.interrupt();
    }
  }
  console.log(pauseMs === 0 ? "One after the other" : `About ${pauseMs} ms apart`);
  for (const [which, values] of Object.entries(times)) {
    const [p50, p99] = [0.5, 0.99].map((share) => quantile(values, share).toFixed(2));
    console.log(`  ${which.padEnd(6)}  p50 ${p50} ms, p99 ${p99} ms`);
  }
}
