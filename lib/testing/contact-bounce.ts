import type { SeededRandom } from "../transport/random.js";

const SHORTEST_MS = 0.05;
const LONGEST_MS = 0.8;

/**
 * How a contact chatters within `bounceMs` before it settles: the pauses between changes, in milliseconds, always an
 * even number of them.
 */
export function bouncePauses(random: SeededRandom, bounceMs: number): number[] {
  const pauses: number[] = [];
  let left = bounceMs;
  for (;;) {
    const open = SHORTEST_MS + random.next() * (LONGEST_MS - SHORTEST_MS);
    const closed = SHORTEST_MS + random.next() * (LONGEST_MS - SHORTEST_MS);
    left -= open + closed;
    if (left < 0) return pauses;
    pauses.push(open, closed);
  }
}
