import { constants, type Stats } from "node:fs";

const optional = (flag: number | undefined): number => flag ?? 0;

/**
 * Flags to open a file of unknown kind: opening a pipe does not wait for its writer, and a terminal does not become the
 * controlling terminal of this process. Windows has neither flag.
 */
export const CAUTIOUS_READ = constants.O_RDONLY | optional(constants.O_NONBLOCK) | optional(constants.O_NOCTTY);

/** What a path leads to, in words: `"a directory"`. */
export function kindOf(stats: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket" | "isFile">): string {
  if (stats.isFile()) return "a regular file";
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
