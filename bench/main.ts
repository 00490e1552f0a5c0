/** `npm run build && npm run bench`; options.ts has the options, comparisons.ts what is compared. */
import { rm, writeFile } from "node:fs/promises";

import { checkBuild } from "./built.js";
import { chart } from "./chart.js";
import type { Comparison } from "./comparison.js";
import { COMPARISONS } from "./comparisons.js";
import { CHART, writeTables } from "./document.js";
import { hasGoal } from "./judge.js";
import { describeMachine, describePeers } from "./machine.js";
import { chosen, HELP, parseOptions, planOf } from "./options.js";
import { othersShare, quietMoment, tellOthers } from "./others.js";
import { PROFILES, tellProfiles } from "./profiles.js";
import { RESULTS_FILE, resultOf, writeResults, type ComparisonResult, type Results } from "./results.js";
import { run } from "./run.js";
import { tellGoals, tellOutcome } from "./table.js";

const options = parseOptions(process.argv.slice(2));
const comparisons = chosen(COMPARISONS, options);

if (options.help) process.stdout.write(HELP);
else if (options.list) for (const { title } of comparisons) console.log(title);
else await measure();

async function measure(): Promise<void> {
  checkBuild();
  if (options.profile) await rm(PROFILES, { recursive: true, force: true });
  const startedAt = performance.now();
  const results: ComparisonResult[] = [];
  const others: number[] = [];
  for (const [index, comparison] of comparisons.entries()) {
    process.stderr.write(`${index + 1}/${comparisons.length} ${comparison.title}\n`);
    others.push(await quietMoment());
    if (options.profile) await profile(comparison);
    else results.push(await compare(comparison));
    others.push(await othersShare());
  }
  console.log(tellGoals(results));
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const machine = `${describeMachine()}; ${tellOthers(others)}`;
  console.log(`${minutes} minutes, on loopback; ${machine}`);
  if (options.isWhole)
    await keep({
      takenAt: new Date().toISOString().slice(0, 10),
      machine,
      peers: await describePeers(),
      comparisons: results,
    });
}

async function compare(comparison: Comparison): Promise<ComparisonResult> {
  const outcome = await run(comparison, planOf(options));
  console.log(`${tellOutcome(outcome)}\n`);
  return resultOf(outcome);
}

/** Ours alone. */
async function profile(comparison: Comparison): Promise<void> {
  const profileAs = comparison.title.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
  const alone = { ...comparison, contestants: comparison.contestants.slice(0, 1), goals: [] };
  console.log(tellOutcome(await run(alone, { ...planOf(options), profileAs })));
  console.log(`${await tellProfiles(profileAs)}\n`);
}

async function keep(results: Results): Promise<void> {
  await writeResults(results);
  await writeFile(CHART, chart(results.comparisons.flatMap(({ findings }) => findings).filter(hasGoal)));
  await writeTables(results);
  console.log(`Written: ${RESULTS_FILE}, ${CHART} and the tables of docs/performance.md`);
}
