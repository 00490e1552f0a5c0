/** `npm run build && npm run bench:check`: a short run beside the committed results, and what moved. Fails only where it cannot run. */
import { checkBuild } from "./built.js";
import { COMPARISONS } from "./comparisons.js";
import { describeMachine } from "./machine.js";
import { moves, turned, type Move } from "./moved.js";
import { othersShare, quietMoment, tellOthers } from "./others.js";
import { chosen, parseCheckOptions, CHECK_HELP, planOf } from "./options.js";
import { readResults, resultOf, type ComparisonResult } from "./results.js";
import { run } from "./run.js";
import { goalText, short } from "./table.js";

const options = parseCheckOptions(process.argv.slice(2));
if (options.help) process.stdout.write(CHECK_HELP);
else await check();

async function check(): Promise<void> {
  checkBuild();
  const committed = await readResults();
  const comparisons = chosen(COMPARISONS, options).filter(({ goals }) => options.all || goals.length > 0);
  const results: ComparisonResult[] = [];
  for (const [index, comparison] of comparisons.entries()) {
    process.stderr.write(`${index + 1}/${comparisons.length} ${comparison.title}\n`);
    const before = await quietMoment();
    const outcome = await run(comparison, planOf({ quick: true, profile: false }));
    for (const [name, why] of outcome.missing) console.log(`${comparison.title}: ${name} was left out, ${why}`);
    results.push(resultOf(outcome, Math.max(before, await othersShare())));
  }
  console.log(
    `Committed: ${committed.takenAt}, ${committed.machine}\nNow: ${describeMachine()}; ${tellOthers(results.map(({ others }) => others))}`,
  );
  const compared = results.reduce((sum, { findings }) => sum + findings.length, 0);
  const moved = moves(committed.comparisons, results);
  console.log(`${compared} figures were compared; ${moved.length} moved by more than their spread.`);
  for (const move of moved) console.log(tell(move));
}

function tell(move: Move): string {
  const { before, after, better } = move;
  const judged = better === null ? "moved " : better ? "better" : "worse ";
  const against = after.against === null ? "" : ` against ${after.against}`;
  const span = ({ value, low, high }: typeof before): string => `${short(value)} (${short(low)} to ${short(high)})`;
  const goal = turned(move) ? `; the goal, ${goalText(after)}, is ${better ? "met now" : "MISSED now"}` : "";
  return `${judged}  ${after.comparison}, ${after.figure}${against}: ${span(before)} became ${span(after)}${goal}`;
}
