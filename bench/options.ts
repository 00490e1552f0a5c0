import { parseArgs } from "node:util";

import type { Comparison } from "./comparison.js";
import type { Plan } from "./run.js";

export const HELP = `Usage: npm run build && npm run bench -- [options]

This library beside others on this machine, over loopback: every end is a process of its own, the contestants take turns, and the
figures are medians over the rounds. What is measured is the built package.

  --only <regex>   only comparisons whose title fits, as "echo.*TCP" or "handshakes"
  --quick          shorter rounds, for a glance; writes nothing
  --profile        CPU profiles of our processes into build/profiles, and where their time went; writes nothing
  --list           the titles, and nothing else
  --help           this text

A whole run writes bench/results.json, which \`npm run bench:check\` compares with, and docs/performance.svg. The exit code never
depends on how fast anything was.
`;

export interface Options {
  readonly only: RegExp;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export function parseOptions(args: readonly string[]): Options {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string", default: "" }, quick: flag, profile: flag, list: flag, help: flag },
  });
  return { ...values, only: new RegExp(values.only, "i") };
}

const FULL = { rounds: 5, mostRounds: Infinity, roundMs: 350 };
const QUICK = { rounds: 5, mostRounds: 5, roundMs: 120 };

export function planOf({ quick, profile }: Pick<Options, "quick" | "profile">): Plan {
  const nodeOptions = profile ? ["--cpu-prof", "--cpu-prof-dir=build/profiles"] : [];
  return { ...(quick ? QUICK : FULL), nodeOptions };
}

export function chosen(comparisons: readonly Comparison[], { only }: Options): Comparison[] {
  return comparisons.filter(({ title }) => only.test(title));
}
