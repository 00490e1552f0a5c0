// The gateway's process of every contender that runs on Node: counts what arrives, or sends it back. See sender.mjs.
import { performance } from "node:perf_hooks";

import { obey, tell } from "./control.mjs";

const setup = JSON.parse(process.argv[2]);
const { listen } = await import(`./${setup.script}`);

/** Bytes that are still to be counted; those that came after the first chunk, and when that was. */
let left = 0;
let counted = 0;
let firstAt = 0;

function took(bytes) {
  if (left === 0) return false;
  if (firstAt === 0) firstAt = performance.now();
  else counted += bytes;
  left -= bytes;
  if (left === 0) tell({ event: "counted", bytes: counted, ms: performance.now() - firstAt });
  return true;
}

obey({
  count({ bytes }) {
    left = bytes;
    counted = firstAt = 0;
  },
});
tell({ event: "listening", port: await listen(setup, took) });
