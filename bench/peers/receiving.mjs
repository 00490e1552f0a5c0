// What every receiver has: it counts what arrives, or sends it back; and tells what it holds and uses.
import { performance } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";

import { memory } from "../gateway/memory.mjs";
import { obey, tell } from "./lines.mjs";

let left = 0;
let total = 0;
let afterFirst = 0;
let firstAt = 0;

/** Whether `amount` messages, or parts of one, were to be counted; else they are to be sent back. */
export function counted(amount) {
  if (left <= 0) return false;
  if (left === total) {
    firstAt = performance.now();
    afterFirst = total - amount;
  }
  left -= amount;
  // Messages that were counted in bytes end in fractions.
  if (left < 1e-6) {
    left = 0;
    tell({ event: "counted", messages: afterFirst, ms: performance.now() - firstAt });
  }
  return true;
}

/** How large the messages are that are to be counted, in bytes: for receivers of a byte stream. */
export let messageSize = 1;

/**
 * Without V8's room for new objects: dozens of megabytes after a thousand handshakes, empty once the garbage is collected, and given
 * back to the system when the process has been idle for ten seconds.
 */
async function settledMemory() {
  const { rss, held } = await memory();
  const room = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space").physical_space_size;
  return { rss: rss - room, held };
}

/** To be called when the socket listens. */
export function listening(port) {
  obey({
    count({ messages, size }) {
      total = left = messages;
      messageSize = size;
    },
    memory: settledMemory,
    cpu: () => process.cpuUsage(),
  });
  tell({ event: "listening", port });
}
