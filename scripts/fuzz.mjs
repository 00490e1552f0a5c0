// Runs every fuzz target with fast-check and with jsfuzz, two targets at a time. The last line is "N passed, N failed".
//
//     npm run test:fuzz                                                      all of them, 15 s each
//     FUZZ_SECONDS=600 FUZZ_KEEP=1 npm run test:fuzz                         longer, and keep what reaches something new
//     node scripts/fuzz.mjs --target frame-decoder                           one target
//     node scripts/fuzz.mjs --target frame-decoder --input 00ff              one input
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./fuzz/compile.mjs";
import { fastCheck, jsfuzz, measure } from "./fuzz/engines.mjs";

const ROOT = resolve(import.meta.dirname, "..");
const AT_ONCE = 2;
/** Of its time on a target; the rest is jsfuzz's, which starts slowly and learns as it goes. */
const SHARE_OF_FAST_CHECK = 1 / 3;

const require = createRequire(import.meta.url);
const { values: given } = parseArgs({
  options: { target: { type: "string", multiple: true }, input: { type: "string" }, seed: { type: "string" } },
});
const seconds = Number(process.env.FUZZ_SECONDS ?? 15);
if (!(seconds > 0)) throw new Error(`FUZZ_SECONDS is ${process.env.FUZZ_SECONDS}; give a number of seconds`);

mkdirSync(join(ROOT, "build"), { recursive: true });
// Each run has its own: a long one must not be disturbed by a short one beside it.
const compiled = mkdtempSync(join(ROOT, "build/fuzz-"));
process.on("exit", () => rmSync(compiled, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

if (given.input !== undefined) await replay(given.target?.[0], given.input);
else await fuzzAll();

/** Runs one input, and lets through what it throws. */
async function replay(name, hex) {
  compile(ROOT, compiled, [targetFile(name)]);
  const { fuzz } = require(join(compiled, "spec/fuzz/targets", `${name}.js`));
  await fuzz(Uint8Array.from(Buffer.from(hex, "hex")));
  console.log(`${name}: nothing found with this input`);
}

async function fuzzAll() {
  compile(ROOT, compiled, ["spec/fuzz/targets.ts", "spec/fuzz/property.ts"]);
  const { TARGETS } = require(join(compiled, "spec/fuzz/targets.js"));
  // A name that is in no list is one of the harness's own.
  const wanted = given.target?.map((name) => TARGETS.find((one) => one.name === name) ?? { name, reaches: [] });
  compile(
    ROOT,
    compiled,
    (wanted ?? TARGETS).map(({ name }) => targetFile(name)),
  );
  const waiting = [...(wanted ?? TARGETS)];
  const rows = [];
  const work = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) rows.push(await fuzzOne(target));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  report(rows);
}

function targetFile(name) {
  return `spec/fuzz/targets/${name}.ts`;
}

async function fuzzOne({ name, reaches }) {
  const ms = seconds * 1_000;
  const kept = join(ROOT, "spec/fuzz/corpus", name);
  const seeds = new Map(filesIn(kept).map((file) => [file, readFileSync(join(kept, file))]));
  const drawn = await fastCheck(compiled, name, Math.round(ms * SHARE_OF_FAST_CHECK), given.seed);
  const folder = join(compiled, "run", name);
  const guided = await jsfuzz(compiled, name, Math.round(ms * (1 - SHARE_OF_FAST_CHECK)), folder, seeds);
  const findings = [...drawn.findings, ...guided.findings];
  if (drawn.executions === 0 && drawn.findings.length === 0)
    findings.push({ engine: "fast-check", hex: null, message: "it ran nothing" });
  for (const { engine, hex, message } of findings) {
    console.log(`FINDING in ${name}, by ${engine}: ${message}`);
    if (hex !== null) console.log(`  node scripts/fuzz.mjs --target ${name} --input ${hex === "" ? '""' : hex}`);
  }
  const row = { name, drawn: drawn.executions, guided: guided.executions, findings: findings.length, branches: null };
  if (findings.length === 0) {
    const { kept: worthy, branches } = await measure(compiled, name, guided.corpus, reaches);
    row.branches = branches;
    if (process.env.FUZZ_KEEP === "1") keep(kept, guided.corpus, worthy);
  }
  row.corpus = filesIn(kept).length;
  console.log(`${name}: ${row.drawn} + ${row.guided} executions, ${row.findings} findings`);
  return row;
}

function filesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Replaces what was kept by what is worth it now. */
function keep(folder, corpus, worthy) {
  const inputs = worthy.map((file) => readFileSync(join(corpus, file)));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const bytes of inputs) {
    writeFileSync(join(folder, createHash("sha256").update(bytes).digest("hex").slice(0, 16)), bytes);
  }
}

function report(rows) {
  const table = [["target", "fast-check", "jsfuzz", "branches", "corpus", "findings"]];
  for (const { name, drawn, guided, branches, corpus, findings } of rows.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const reached = branches === null || branches.all === 0 ? "-" : `${branches.hit}/${branches.all}`;
    table.push([name, drawn, guided, reached, corpus, findings].map(String));
  }
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  console.log();
  for (const row of table) {
    console.log(
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "),
    );
  }
  const failed = rows.filter(({ findings }) => findings > 0).length;
  console.log(`\n${rows.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && rows.length > 0 ? 0 : 1;
}
