/**
 * Counts the library's own stack frames from the network, or the clock, to a user's callback, in programs that run:
 *
 *     npx tsx scripts/walks.ts [--trace]
 */
import { filesOf, FRAME_LIMITS, measureWalks } from "../spec/support/walks.js";

const walks = await measureWalks();
const width = Math.max(...walks.map(({ name }) => name.length));
console.log(`${"walk".padEnd(width)}  frames  files  limit`);
for (const { name, frames } of walks) {
  const figures = [frames.length, filesOf(frames), FRAME_LIMITS[name] ?? NaN].map((figure) =>
    String(figure).padStart(5),
  );
  console.log(`${name.padEnd(width)} ${figures.join("  ")}`);
  if (process.argv.includes("--trace")) for (const frame of [...frames].reverse()) console.log(`    ${frame}`);
}
