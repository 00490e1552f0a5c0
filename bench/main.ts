/** `npm run build && npm run bench`; options.ts has the options, comparisons.ts what is compared. */
import { checkBuild } from "./built.js";
import { COMPARISONS } from "./comparisons.js";
import { describeMachine } from "./machine.js";
import { chosen, HELP, parseOptions, planOf } from "./options.js";
import { run } from "./run.js";
import { tellOutcome } from "./table.js";

const options = parseOptions(process.argv.slice(2));
const comparisons = chosen(COMPARISONS, options);

if (options.help) process.stdout.write(HELP);
else if (options.list) for (const { title } of comparisons) console.log(title);
else await measure();

async function measure(): Promise<void> {
  checkBuild();
  const plan = planOf(options);
  const startedAt = performance.now();
  for (const [index, comparison] of comparisons.entries()) {
    process.stderr.write(`${index + 1}/${comparisons.length} ${comparison.title}\n`);
    console.log(`${tellOutcome(await run(comparison, plan))}\n`);
  }
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(
    `${minutes} minutes, ${plan.rounds} rounds of ${plan.roundMs} ms in turns, on loopback; ${describeMachine()}`,
  );
}
