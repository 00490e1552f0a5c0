// Checks the Promela models of docs/model/ with spin, every state of them, and that each broken variant is found out.
// Arguments pick the runs whose line contains one of them: `npm run test:model -- reconnect`.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";

const OUT = "build/model";
/** At one time: a verifier is one thread, and takes up to MEMORY_MB. */
const AT_ONCE = 2;
const MEMORY_MB = 3_000;
const MAX_DEPTH = 100_000;
const TIMEOUT_MS = 300_000;

/** Switches under which every state must be right. */
const SOUND = [
  ["handshake"],
  ["handshake", "DATAGRAM"],
  ["handshake", "PASSIVE"],
  ["handshake", "PASSIVE", "DATAGRAM"],
  ["rekey-stream"],
  ["rekey-stream", "ATTACKER=2", "WISHES=1"],
  ["rekey-datagram", "WISHES=1", "MESSAGES=2", "LOSSES=2"],
  ["rekey-datagram", "WISHES=1", "MESSAGES=3", "LOSSES=1"],
  ["rekey-datagram", "WISHES=2", "MESSAGES=1", "LOSSES=1"],
  ["reconnect"],
  ["reconnect", "ltl retries"],
  ["reconnect", "ltl decides"],
  ["reconnect", "ltl clears"],
];

/** Switches that break something: an error must be found, or the properties say nothing. */
const BROKEN = [
  ["handshake", "BROKEN_GATEWAY_CHECKS_NOTHING"],
  ["handshake", "BROKEN_ACCEPTS_REFLECTION"],
  ["handshake", "BROKEN_SESSION_ID_UNCOVERED"],
  ["handshake", "BROKEN_NONCE_UNCOVERED"],
  ["handshake", "BROKEN_PUBS_UNCOVERED"],
  ["handshake", "BROKEN_PUBS_UNCOVERED", "ONLY_SECRECY"],
  ["handshake", "BROKEN_ID_UNCOVERED"],
  ["handshake", "SHOW_ESTABLISHED"],
  ["handshake", "SHOW_TWO_SESSIONS", "DATAGRAM"],
  ["rekey-stream", "BROKEN_FORGETS_OLD_KEY"],
  ["rekey-stream", "BROKEN_BOTH_YIELD"],
  ["rekey-stream", "BROKEN_NO_LOSING_KEY"],
  ["rekey-stream", "BROKEN_FORGETS_ORIGIN"],
  ["rekey-stream", "BROKEN_UNSETTLED"],
  ["rekey-stream", "BROKEN_SENDER_YIELDS"],
  ["rekey-stream", "BROKEN_KEEPS_OLD_KEY", "ATTACKER=2", "WISHES=1"],
  ["rekey-stream", "SHOW_REMOVAL", "ATTACKER=1", "WISHES=1"],
  ["rekey-datagram", "BROKEN_BOTH_YIELD", "WISHES=1"],
  ["rekey-datagram", "BROKEN_LATE_COPY", "WISHES=1"],
  ["rekey-datagram", "BROKEN_NO_SECOND_UTACK", "WISHES=1"],
  ["rekey-datagram", "BROKEN_ACKS_CROSSED", "WISHES=1"],
  ["rekey-datagram", "BROKEN_FORGETS_OLD_KEY", "WISHES=1"],
  ["rekey-datagram", "BROKEN_SWITCHES_WITHIN", "WISHES=1"],
  ["rekey-datagram", "BROKEN_KEEPS_OLD_KEY", "WISHES=1"],
  ["rekey-datagram", "BROKEN_NO_WINDOW", "WISHES=1"],
  ["reconnect", "BROKEN_OVERTAKEN"],
  ["reconnect", "BROKEN_NO_DROP"],
  ["reconnect", "BROKEN_NO_TIMER"],
  ["reconnect", "BROKEN_LATE_EVENT"],
  ["reconnect", "BROKEN_CLOSED_RECONNECTS"],
  ["reconnect", "BROKEN_TIMER_SURVIVES"],
  ["reconnect", "BROKEN_LATE_CLOSE"],
  ["reconnect", "BROKEN_NO_TIMER", "ltl retries"],
  ["reconnect", "BROKEN_SILENT_FAILURE", "ltl decides"],
  ["reconnect", "BROKEN_DROP_KEEPS_SESSION", "ltl clears"],
];

const wanted = process.argv.slice(2);
const runs = [
  ...SOUND.map((words) => ({ words, sound: true })),
  ...BROKEN.map((words) => ({ words, sound: false })),
].filter(({ words }) => wanted.length === 0 || wanted.some((word) => words.join(" ").includes(word)));

for (const [tool, flag] of [
  ["spin", "-V"],
  ["gcc", "--version"],
]) {
  if (spawnSync(tool, [flag]).error === undefined) continue;
  console.error(`${tool} is missing. The models need spin and gcc: apt-get update && apt-get install -y spin gcc`);
  process.exit(1);
}

/** Everything that a tool prints. Rejects where it fails, or takes too long. */
function output(tool, args, cwd) {
  return new Promise((done, fail) => {
    const child = spawn(tool, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += piece));
    child.on("error", fail);
    child.on("close", (status, signal) => {
      if (status === 0) done(text);
      else fail(new Error(`${tool} ended with ${signal ?? status}:\n${text.slice(0, 2_000)}`));
    });
  });
}

/** Why a verifier's report is not what it has to be; null where it is. */
function complaint(report, sound) {
  // What says that a state may have been left out.
  const partial =
    /max search depth too small|reached -DMEMLIM|out of memory|Search not completed|Bit statespace|Hash-Compact/;
  const errors = /errors: (\d+)/.exec(report)?.[1];
  if (errors === undefined) return "the verifier gave no result";
  if (!sound) {
    return /^pan:1: (assertion violated|acceptance cycle)/m.test(report) ? null : "nobody noticed that this is broken";
  }
  if (errors !== "0") return /^pan:1: .*/m.exec(report)?.[0] ?? `${errors} errors`;
  if (!report.includes("Full statespace search for")) return "this was no full search";
  return partial.exec(report)?.[0] ?? null;
}

async function check({ words: [model, ...switches], sound }, index) {
  const folder = join(OUT, String(index));
  mkdirSync(folder);
  const ltl = switches.find((word) => word.startsWith("ltl "))?.slice(4);
  const defines = switches.filter((word) => !word.startsWith("ltl ")).map((word) => `-D${word}`);
  await output("spin", [...defines, "-a", resolve(`docs/model/${model}.pml`)], folder);
  // A broken one is found out early: there the compiler's time counts.
  const search = ltl === undefined ? ["-DSAFETY", "-DNOCLAIM"] : ["-DNFAIR=3"];
  await output("gcc", [sound ? "-O2" : "-O1", "-w", `-DMEMLIM=${MEMORY_MB}`, ...search, "-o", "pan", "pan.c"], folder);
  // A formula is checked under weak fairness, and by itself alone where a broken variant fails assertions as well.
  const how = ltl === undefined ? [] : ["-a", "-f", "-N", ltl, ...(sound ? [] : ["-A"])];
  const startedAt = performance.now();
  const report = await output(resolve(folder, "pan"), [`-m${MAX_DEPTH}`, ...how], folder);
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    complaint: complaint(report, sound),
    states: Number(/(\d+) states, stored/.exec(report)?.[1]),
    depth: Number(/depth reached (\d+)/.exec(report)?.[1]),
    seconds,
  };
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

let passed = 0;
let failed = 0;
const queue = [...runs.entries()];

async function work() {
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const [index, run] = entry;
    const result = await check(run, index).catch((error) => ({ complaint: error.message }));
    const ok = result.complaint === null;
    if (ok) passed++;
    else failed++;
    const figures =
      result.states === undefined
        ? ""
        : `${String(result.states).padStart(9)} states  depth ${String(result.depth).padStart(5)}  ${result.seconds.toFixed(1).padStart(5)} s`;
    const verdict = ok ? (run.sound ? "right" : "found out") : "FAILED";
    console.log(`${verdict.padEnd(9)}  ${run.words.join(" ").padEnd(56)}${figures}`);
    if (!ok) console.log(`           ${result.complaint}`);
    rmSync(join(OUT, String(index), "pan"), { force: true });
  }
}

console.log(`${SOUND.length} sound runs search every state; ${BROKEN.length} broken ones must be found out.`);
await Promise.all(Array.from({ length: AT_ONCE }, work));
// Nothing to run is no success.
if (runs.length === 0) failed++;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
