/** `npm run build && npm run bench`: this library beside others. docs/performance.md explains the figures. */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";

import { against, COMPARISONS } from "./comparisons.js";
import { checkBuild, describeMachine, othersPercent } from "./machine.js";
import { describeProfiles, PROFILES } from "./profiles.js";
import { describeRows, rowsOf, writeResults, type Row } from "./results.js";
import { run, type Plan } from "./run.js";

const HELP = `Usage: npm run build && npm run bench -- [options]

Measures the built package beside others on this machine, over loopback. Each end is a process of its own, the contenders take turns,
a figure is the median of all rounds, and a ratio is usmp's figure divided by the other's.

  --only <regex>     only comparisons whose title fits, as "echo" or "handshakes.*TCP"
  --against <dist>   instead of others: the dist folder of another build, for a before and after
  --rounds <n>       instead of 7
  --quick            3 short rounds, for a glance
  --profile          this library alone: where its processes spend their time, with CPU profiles in ${PROFILES}
  --write            keep the results, and write them into docs/performance.md
  --help             this text

The exit code never depends on a speed.
`;

const FULL: Plan = { rounds: 7, roundMs: 200 };
const QUICK: Plan = { rounds: 3, roundMs: 100 };
/** Long enough that the start of the processes is little. */
const PROFILED: Plan = { rounds: 3, roundMs: 1_000, nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${PROFILES}`] };

const FLAG = { type: "boolean", default: false } as const;
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    against: { type: "string" },
    rounds: { type: "string" },
    quick: FLAG,
    profile: FLAG,
    write: FLAG,
    help: FLAG,
  },
});

if (options.help) process.stdout.write(HELP);
else await measure();

async function measure(): Promise<void> {
  checkBuild();
  const isWhole = options.only === "" && options.against === undefined && !options.quick && !options.profile;
  if (options.write && !isWhole)
    throw new Error("--write keeps a whole run: leave out --only, --against, --quick and --profile");
  const plan = options.profile ? PROFILED : options.quick ? QUICK : FULL;
  const rounds = Number(options.rounds ?? plan.rounds);
  if (!(rounds > 0)) throw new Error("--rounds takes a number of 1 or more");
  const rows: Row[] = [];
  let others = 0;
  for (const comparison of chosen()) {
    others = Math.max(others, await othersPercent());
    rmSync(PROFILES, { recursive: true, force: true });
    const outcome = await run(comparison, { ...plan, rounds });
    const found = rowsOf(outcome);
    console.log(`${outcome.title}\n${describeRows(found)}`);
    for (const [name, why] of outcome.failed) console.log(`  ${name} failed: ${why}`);
    if (options.profile) console.log(describeProfiles());
    rows.push(...found);
  }
  const machine = await describeMachine(others);
  console.log(machine);
  if (options.write) await writeResults({ takenAt: new Date().toISOString().slice(0, 10), rounds, machine, rows });
}

function chosen(): typeof COMPARISONS {
  const only = new RegExp(options.only, "i");
  const comparisons = COMPARISONS.filter(({ title }) => only.test(title));
  if (options.against !== undefined) return against(options.against, comparisons);
  if (!options.profile) return comparisons;
  return comparisons.map((each) => ({ ...each, contenders: each.contenders.slice(0, 1) }));
}
