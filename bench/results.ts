/** What a whole run leaves behind: bench/results.json, which the check and the document are made from. */
import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";

import { figureNames, findings, medianOf, type Finding } from "./judge.js";
import type { Outcome } from "./run.js";

export const RESULTS_FILE = "bench/results.json";

export interface ContestantResult {
  readonly name: string;
  /** The median of each figure. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface ComparisonResult {
  readonly title: string;
  readonly unit: string;
  readonly contestants: readonly ContestantResult[];
  readonly findings: readonly Finding[];
  /** Who could not be measured, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** How much of the machine others took just before or just after. */
  readonly others: number;
}

export interface Results {
  readonly takenAt: string;
  readonly machine: string;
  readonly peers: string;
  readonly comparisons: readonly ComparisonResult[];
}

export function resultOf({ comparison, rounds, missing }: Outcome, others: number): ComparisonResult {
  const contestants = comparison.contestants
    .filter(({ name }) => rounds.has(name))
    .map(({ name }) => {
      const figures = figureNames(rounds, name).map((figure) => [figure, medianOf(rounds.get(name) ?? [], figure)]);
      return { name, figures: Object.fromEntries(figures) as Record<string, number> };
    });
  const { title, unit } = comparison;
  return {
    title,
    unit,
    contestants,
    findings: findings(comparison, rounds),
    missing: Object.fromEntries(missing),
    others,
  };
}

/** @throws where there is no such file, saying how to make it */
export async function readResults(): Promise<Results> {
  try {
    return JSON.parse(await readFile(RESULTS_FILE, "utf8")) as Results;
  } catch (cause) {
    throw new Error(`${RESULTS_FILE} cannot be read: make it by "npm run bench"`, { cause });
  }
}

export async function writeResults(results: Results): Promise<void> {
  await writeFile(RESULTS_FILE, await format(JSON.stringify(results, rounded), { parser: "json", printWidth: 120 }));
}

/** Four digits that count. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}
