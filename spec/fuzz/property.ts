/**
 * fast-check over one target for a while: `node property.js NAME MILLISECONDS [SEED]`. Its last line is a result in JSON. Runs
 * as compiled by scripts/fuzz/compile.mjs.
 */
import fc from "fast-check";
import { toHex } from "../support/core-bytes.js";
import { TARGETS } from "./targets.js";
import { Watchdog } from "./watchdog.js";

/** Far longer than any input takes, also on a busy machine. */
const PATIENCE_MS = 10_000;

export type Fuzz = (data: Uint8Array) => void | Promise<void>;

async function main([name, milliseconds, seed]: readonly string[]): Promise<void> {
  const target = TARGETS.find((one) => one.name === name);
  const { fuzz } = (await import(`./targets/${String(name)}.js`)) as { fuzz: Fuzz };
  const inputs = target?.inputs ?? fc.uint8Array();
  const watchdog = new Watchdog(PATIENCE_MS);
  let executions = 0;
  const run = (input: Uint8Array): void | Promise<void> => {
    executions++;
    watchdog.note(input);
    return fuzz(input);
  };
  const isAsync = fuzz.constructor.name === "AsyncFunction";
  const options = {
    seed: seed === undefined ? Date.now() % 2 ** 31 : Number(seed),
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: Number(milliseconds),
    markInterruptAsFailure: false,
  };
  const details = await (isAsync
    ? fc.check(
        fc.asyncProperty(inputs, async (input) => run(input)),
        options,
      )
    : fc.check(
        fc.property(inputs, (input) => void run(input)),
        options,
      ));
  await watchdog.stop();
  const finding = details.failed
    ? { hex: toHex(details.counterexample?.[0] ?? new Uint8Array(0)), message: String(details.errorInstance) }
    : null;
  console.log(JSON.stringify({ executions, seed: options.seed, finding }));
}

void main(process.argv.slice(2));
