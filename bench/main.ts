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
import { isQuiet, othersShare, quietMoment, tellOthers } from "./others.js";
import { PROFILES, tellProfiles } from "./profiles.js";
import { RESULTS_FILE, resultOf, writeResults, type ComparisonResult, type Results } from "./results.js";
import { run } from "./run.js";
import { tellGoals, tellOutcome } from "./table.js";

const REPEATS = 2;

const options = parseOptions(process.argv.slice(2));
const comparisons = chosen(COMPARISONS, options);

if (options.help) process.stdout.write(HELP);
else if (options.list) for (const { title } of comparisons) console.log(title);
else await measure();

async function measure(): Promise<void> {
  checkBuild();
  if (options.profile) await rm(PROFILES, { recursive: true, force: true });
  const startedAt = performance.now();
  const results = options.profile ? await profileAll() : await compareAll();
  console.log(tellGoals(results));
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const machine = `${describeMachine()}; ${tellOthers(results.map(({ others }) => others))}`;
  console.log(`${minutes} minutes, on loopback; ${machine}`);
  if (options.isWhole)
    await keep({
      takenAt: new Date().toISOString().slice(0, 10),
      machine,
      peers: await describePeers(),
      comparisons: results,
    });
}

/** What others disturbed is measured again at the end, while that may help; the quieter of the two counts. */
async function compareAll(): Promise<ComparisonResult[]> {
  const results: ComparisonResult[] = [];
  for (const comparison of comparisons)
    results.push(await compare(comparison, `${results.length + 1}/${comparisons.length}`));
  for (let pass = 0; pass < REPEATS && !options.quick; pass++) {
    for (const [index, comparison] of comparisons.entries()) {
      const before = results[index];
      if (before === undefined || isQuiet(before.others)) continue;
      const again = await compare(comparison, "again, others were busy:");
      if (again.others < before.others) results[index] = again;
    }
  }
  return results;
}

async function compare(comparison: Comparison, progress: string): Promise<ComparisonResult> {
  process.stderr.write(`${progress} ${comparison.title}\n`);
  const before = await quietMoment();
  const outcome = await run(comparison, planOf(options));
  console.log(`${tellOutcome(outcome)}\n`);
  return resultOf(outcome, Math.max(before, await othersShare()));
}

async function profileAll(): Promise<ComparisonResult[]> {
  for (const comparison of comparisons) await profile(comparison);
  return [];
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
