/** What the figures of a comparison say: our figure held against each other's, with its spread, and against the goals. */
import type { Comparison, Figures, Goal, Measure, Rounds } from "./comparison.js";
import { median } from "./statistics.js";

/** One of our figures against one contestant, or by itself. */
export interface Finding {
  readonly comparison: string;
  readonly figure: string;
  readonly unit: string;
  /** Null where the figure is held against nothing. */
  readonly against: string | null;
  readonly measure: Measure;
  /** Of the medians. */
  readonly value: number;
  /** The lowest and the highest value of a round. */
  readonly low: number;
  readonly high: number;
  readonly least?: number;
  readonly most?: number;
}

export function isMet({ value, least = -Infinity, most = Infinity }: Finding): boolean {
  return value >= least && value <= most;
}

export function hasGoal({ least, most }: Finding): boolean {
  return least !== undefined || most !== undefined;
}

/** Every ratio that there is, and whatever else has a goal. */
export function findings(comparison: Comparison, rounds: Rounds): Finding[] {
  const [ours, ...others] = comparison.contestants.map(({ name }) => name);
  const goals = [...comparison.goals];
  for (const against of others) {
    for (const figure of figureNames(rounds, ours)) {
      const isHeld = goals.some((goal) => goal.figure === figure && goal.against === against);
      if (!isHeld) goals.push({ measure: "ratio", figure, against });
    }
  }
  return goals.flatMap((goal) => find(comparison, goal, rounds.get(ours ?? "") ?? [], rounds) ?? []);
}

export function figureNames(rounds: Rounds, contestant: string | undefined): string[] {
  return Object.keys(rounds.get(contestant ?? "")?.[0] ?? {});
}

export function medianOf(rounds: readonly Figures[], figure: string): number {
  return median(rounds.map((figures) => figures[figure] ?? NaN));
}

/** Null where the other could not be measured. */
function find({ title, unit }: Comparison, goal: Goal, ours: readonly Figures[], rounds: Rounds): Finding | null {
  const { figure, against, measure, least, most } = goal;
  const theirs = rounds.get(against ?? "") ?? [];
  const hold = (our: number, their: number): number =>
    measure === "ratio" ? our / their : measure === "difference" ? our - their : our;
  const perRound = ours.map((figures, round) => hold(figures[figure] ?? NaN, theirs[round]?.[figure] ?? NaN));
  const value = hold(medianOf(ours, figure), medianOf(theirs, figure));
  if (!Number.isFinite(value)) return null;
  return {
    comparison: title,
    figure,
    unit,
    against: against ?? null,
    measure,
    value,
    low: Math.min(...perRound),
    high: Math.max(...perRound),
    ...(least !== undefined && { least }),
    ...(most !== undefined && { most }),
  };
}
