import { parseArgs } from "node:util";

import type { Comparison } from "./comparison.js";
import type { Plan } from "./run.js";

export const HELP = `Usage: npm run build && npm run bench -- [options]

This library beside others on this machine, over loopback: every end is a process of its own, the contestants take turns, and the
figures are medians over the rounds. What is measured is the built package.

  --only <regex>   only comparisons whose title fits, as "echo.*TCP" or "handshakes"
  --quick          shorter rounds, for a glance
  --profile        our processes alone, with CPU profiles in build/profiles; says where their time went
  --list           the titles, and nothing else
  --help           this text

A run with none of these writes bench/results.json, which \`npm run bench:check\` compares with, docs/performance.svg and the tables
of docs/performance.md. The exit code never depends on how fast anything was.
`;

export const CHECK_HELP = `Usage: npm run build && npm run bench:check -- [options]

A short run of the comparisons that have goals. Says which figures differ from those in bench/results.json by more than the spread
of either's rounds. The exit code is 0 whatever moved.

  --only <regex>   only comparisons whose title fits
  --all            those without goals as well
  --help           this text
`;

export interface Options {
  readonly only: RegExp;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** Whether everything is measured, and in full. */
  readonly isWhole: boolean;
}

export interface CheckOptions {
  readonly only: RegExp;
  readonly all: boolean;
  readonly help: boolean;
}

const FLAG = { type: "boolean", default: false } as const;
const ONLY = { type: "string", default: "" } as const;

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { only: ONLY, quick: FLAG, profile: FLAG, list: FLAG, help: FLAG },
  });
  const isWhole = values.only === "" && !values.quick && !values.profile;
  return { ...values, only: new RegExp(values.only, "i"), isWhole };
}

export function parseCheckOptions(args: readonly string[]): CheckOptions {
  const { values } = parseArgs({ args: [...args], options: { only: ONLY, all: FLAG, help: FLAG } });
  return { ...values, only: new RegExp(values.only, "i") };
}

const FULL: Plan = { rounds: 5, mostRounds: Infinity, roundMs: 200 };
const QUICK: Plan = { rounds: 5, mostRounds: 5, roundMs: 120 };

/** Long enough that the start of a process is little beside it. */
const PROFILED: Plan = { rounds: 5, mostRounds: 5, roundMs: 600 };

export function planOf({ quick, profile }: Pick<Options, "quick" | "profile">): Plan {
  return quick ? QUICK : profile ? PROFILED : FULL;
}

export function chosen(comparisons: readonly Comparison[], { only }: Pick<Options, "only">): Comparison[] {
  return comparisons.filter(({ title }) => only.test(title));
}
