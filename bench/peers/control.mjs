// What every process of the bench answers: JSON lines on stdin and stdout. The end of stdin ends the process.
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";

/** Garbage collections before memory is read: what is closed is released in the turns that follow. */
const COLLECTIONS = 4;

export function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Answers each command with what its function returns. */
export function obey(commands) {
  const all = { cpu, memory, ...commands };
  const input = createInterface({ input: process.stdin });
  input.on("line", async (line) => {
    const { id, command, ...options } = JSON.parse(line);
    try {
      tell({ reply: id, ...(await all[command](options)) });
    } catch (error) {
      tell({ reply: id, error: error.name, text: error.message });
    }
  });
  input.on("close", () => process.exit());
}

/** Microseconds of processor time since the process started. */
function cpu() {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system };
}

/**
 * Bytes, after garbage collection: `held` is what V8's heap and the buffers outside of it hold, `rss` what the system has given the
 * process, without V8's space for new objects, which is empty then. Needs --expose-gc.
 */
async function memory() {
  for (let pass = 0; pass < COLLECTIONS; pass++) {
    globalThis.gc();
    await setImmediate();
  }
  const newSpace = getHeapSpaceStatistics().find((space) => space.space_name === "new_space").physical_space_size;
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: rss - newSpace, held: heapUsed + external };
}
