// The two fuzzers, each run on one target in processes of its own and bounded in time.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { clearTimeout, setTimeout } from "node:timers";

const require = createRequire(import.meta.url);
const JSFUZZ = require.resolve("jsfuzz/build/src/index.js");
const HERE = import.meta.dirname;

/** jsfuzz gives an input this long, its own start included, and looks every 3 s; then this runner's patience ends. */
const INPUT_TIMEOUT_S = 40;
const GRACE_MS = 60_000;
const MEMORY_MB = 1_024;

/**
 * Runs a program. It ends by itself, or is asked to `runMs` after its output first matched `started`: jsfuzz instruments what it
 * runs first, which takes long on a busy machine. `patienceMs` is for all that comes on top.
 */
function run(args, { cwd, env, runMs, started = null, patienceMs }) {
  return new Promise((resolve) => {
    // A group of its own: jsfuzz is two processes, and both have to hear that it is time.
    const child = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let stop;
    let overdue = false;
    const signal = (name) => {
      try {
        process.kill(-child.pid, name);
      } catch {
        // It has ended meanwhile.
      }
    };
    const kill = () => ((overdue = true), signal("SIGKILL"));
    let last = setTimeout(kill, runMs + patienceMs);
    const hear = (chunk) => {
      output = (output + chunk).slice(-200_000);
      if (started === null || stop !== undefined || !started.test(output)) return;
      stop = setTimeout(() => signal("SIGINT"), runMs);
      clearTimeout(last);
      last = setTimeout(kill, runMs + patienceMs);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("close", (status) => {
      clearTimeout(stop);
      clearTimeout(last);
      signal("SIGKILL");
      resolve({ status, output, overdue });
    });
  });
}

function environment(extra) {
  const env = { ...process.env, ...extra };
  // Coverage of the specs is not asked of the fuzzers that a spec runs.
  delete env.NODE_V8_COVERAGE;
  return env;
}

/** fast-check for `ms`. */
export async function fastCheck(compiled, name, ms, seed) {
  const program = join(compiled, "spec/fuzz/property.js");
  const args = [program, name, String(ms), ...(seed === undefined ? [] : [seed])];
  const { status, output, overdue } = await run(args, {
    cwd: compiled,
    env: environment({}),
    runMs: ms,
    patienceMs: GRACE_MS,
  });
  const last = output.trim().split("\n").at(-1) ?? "";
  const engine = "fast-check";
  if (last.startsWith("HANG ")) {
    return { executions: 0, findings: [{ engine, hex: last.slice(5), message: "it hangs" }] };
  }
  if (status !== 0 || overdue)
    return { executions: 0, findings: [{ engine, hex: null, message: output.slice(-2_000) }] };
  const { executions, finding, seed: used } = JSON.parse(last);
  return { executions, seed: used, findings: finding === null ? [] : [{ engine, ...finding }] };
}

/** jsfuzz for `ms`, from the inputs in `seeds` on; new ones are in `folder`/corpus afterwards. */
export async function jsfuzz(compiled, name, ms, folder, seeds) {
  rmSync(folder, { recursive: true, force: true });
  const corpus = join(folder, "corpus");
  mkdirSync(corpus, { recursive: true });
  for (const [file, bytes] of seeds) writeFileSync(join(corpus, file), bytes);
  // jsfuzz takes its target relative to where it runs.
  writeFileSync(join(folder, "target.js"), `module.exports = require("../../spec/fuzz/targets/${name}.js");\n`);
  const crash = join(folder, "crash");
  const args = [
    JSFUZZ,
    "target.js",
    "corpus",
    `--exact-artifact-path=${crash}`,
    `--timeout=${INPUT_TIMEOUT_S}`,
    `--rss-limit-mb=${MEMORY_MB}`,
  ];
  const { status, output, overdue } = await run(args, {
    cwd: folder,
    env: environment({ NODE_OPTIONS: `--require=${join(HERE, "preload.cjs")}` }),
    runMs: ms,
    started: /^#1 /m,
    patienceMs: GRACE_MS,
  });
  const told = [...output.matchAll(/^#(\d+) \w+ +cov: (\d+)/gm)].at(-1);
  const executions = told === undefined ? 0 : Number(told[1]);
  const engine = "jsfuzz";
  const findings = [];
  if (existsSync(crash)) {
    const message =
      /={20,}\n([^]*?)(?=\n {4}at |\ncrash was|$)/.exec(output)?.[1] ??
      "its process was killed: it hangs, or needs too much memory";
    findings.push({ engine, hex: readFileSync(crash).toString("hex"), message: message.trim() });
  } else if (status !== 0 || overdue || executions === 0) {
    findings.push({ engine, hex: null, message: output.slice(-2_000) });
  }
  return { executions, coverage: Number(told?.[2] ?? 0), findings, corpus };
}

/** Which inputs of a folder are worth keeping, and what they reach. */
export async function measure(compiled, name, corpus, reaches) {
  const args = [join(HERE, "measure.cjs"), compiled, name, corpus, reaches.join(",")];
  const runMs = 100 * readdirSync(corpus).length;
  const { status, output } = await run(args, { cwd: compiled, env: environment({}), runMs, patienceMs: GRACE_MS });
  if (status !== 0) throw new Error(`the corpus of ${name} cannot be measured: ${output.slice(-2_000)}`);
  return JSON.parse(output.trim().split("\n").at(-1));
}
