/** The findings as text. */
import { figureNames, findings, hasGoal, isMet, medianOf, type Finding } from "./judge.js";
import type { ComparisonResult } from "./results.js";
import type { Outcome } from "./run.js";

/** Three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 3));
}

/** "at least 7.00", "at most 70.0 ms more", "at most 14.0 KiB". */
export function goalText({ least, most, measure, unit }: Finding): string {
  const bound = least !== undefined ? `at least ${short(least)}` : most !== undefined ? `at most ${short(most)}` : "";
  if (measure === "ratio") return bound;
  return measure === "difference" ? `${bound} ${unit} more` : `${bound} ${unit}`;
}

/** One comparison: a line for each contestant and figure, with our ratio to it. */
export function tellOutcome({ comparison, rounds, missing }: Outcome): string {
  const found = findings(comparison, rounds);
  const lines = [comparison.title];
  for (const { name } of comparison.contestants) {
    for (const figure of figureNames(rounds, name)) {
      const value = medianOf(rounds.get(name) ?? [], figure);
      const unit = figure === comparison.unit ? figure : `${comparison.unit} ${figure}`;
      const held = found.find((finding) => finding.figure === figure && finding.against === name);
      const own = found.find(
        (f) => f.figure === figure && f.against === null && name === comparison.contestants[0]?.name,
      );
      const said = held ?? own;
      lines.push(
        `  ${name.padEnd(26)} ${short(value).padStart(10)} ${unit.padEnd(14)} ${said ? tellFinding(said) : ""}`.trimEnd(),
      );
    }
  }
  for (const [name, why] of missing) lines.push(`  ${name}: left out, ${why}`);
  return lines.join("\n");
}

function tellFinding(finding: Finding): string {
  const { measure, value, low, high } = finding;
  const what = measure === "ratio" ? "x" : measure === "difference" ? " more" : "";
  const shown = measure === "itself" ? "" : `ours: ${short(value)}${what} (${short(low)} to ${short(high)})`;
  if (!hasGoal(finding)) return shown;
  return `${shown}  ${isMet(finding) ? "met" : "MISSED"}: ${goalText(finding)}`.trim();
}

/** Every goal in a line. */
export function tellGoals(results: readonly ComparisonResult[]): string {
  const goals = results.flatMap(({ findings }) => findings).filter(hasGoal);
  const lines = goals.map((finding) => {
    const against = finding.against === null ? "" : ` against ${finding.against}`;
    const verdict = isMet(finding) ? "met   " : "MISSED";
    return `${verdict} ${finding.comparison}, ${finding.figure}${against}: ${short(finding.value)} (${goalText(finding)})`;
  });
  return [...lines, ""].join("\n");
}
