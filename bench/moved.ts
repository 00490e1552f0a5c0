/** Which findings of a new run differ from the committed ones by more than the rounds of each differ among themselves. */
import { isMet, hasGoal, type Finding } from "./judge.js";
import type { ComparisonResult } from "./results.js";

export interface Move {
  readonly before: Finding;
  readonly after: Finding;
  /** For better or worse, where a goal says which way is better. */
  readonly better: boolean | null;
}

/** Spreads that do not touch, by no more than this, are not worth a word. */
const MIN_CHANGE = 0.05;

export function moves(before: readonly ComparisonResult[], after: readonly ComparisonResult[]): Move[] {
  const known = new Map(before.flatMap((result) => result.findings).map((finding) => [keyOf(finding), finding]));
  return after
    .flatMap((result) => result.findings)
    .flatMap((finding) => {
      const then = known.get(keyOf(finding));
      return then !== undefined && hasMoved(then, finding) ? [moveOf(then, finding)] : [];
    });
}

/** Goals that were met and are not, or the other way round: also told where the spreads touch. */
export function turned({ before, after }: Move): boolean {
  return hasGoal(after) && isMet(before) !== isMet(after);
}

function hasMoved(before: Finding, after: Finding): boolean {
  const apart = after.low > before.high || after.high < before.low;
  return apart && Math.abs(after.value - before.value) > MIN_CHANGE * Math.abs(before.value);
}

function moveOf(before: Finding, after: Finding): Move {
  const { least, most } = after;
  const grew = after.value > before.value;
  return { before, after, better: least !== undefined ? grew : most !== undefined ? !grew : null };
}

function keyOf({ comparison, figure, against, measure }: Finding): string {
  return [comparison, figure, against, measure].join("|");
}
