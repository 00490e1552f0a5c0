// Measures coverage over what tsc emits: its source maps are exact, a bundling loader's report branches that do not exist.
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { extname, join, resolve } from "node:path";

const OUT = "build/coverage";
const COMPILED = ["lib", "spec", "bench"];
const NOT_MIRRORED = new Set([...COMPILED, ".git", "build", "coverage", "node_modules"]);

function passes(tool, ...args) {
  const { status, error } = spawnSync(tool, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (error) throw error;
  return status === 0;
}

function run(tool, ...args) {
  if (!passes(tool, ...args)) process.exit(1);
}

/** Files of types alone: nothing loads them, so that they would count as never run. */
function filesWithoutCode(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => extname(file) === ".js" && /^export \{\};$/.test(codeOf(file)));
}

function codeOf(file) {
  return readFileSync(file, "utf8")
    .replace(/\/\*.*?\*\/|\/\/.*$/gms, "")
    .trim();
}

rmSync(OUT, { recursive: true, force: true });
rmSync("coverage", { recursive: true, force: true });
run("tsc", "-p", "tsconfig.coverage.json");

// Specs find vectors and documents relative to themselves: show them the same tree around the compiled files.
for (const name of readdirSync(".")) {
  if (!NOT_MIRRORED.has(name)) symlinkSync(resolve(name), join(OUT, name));
}
for (const folder of COMPILED) {
  cpSync(folder, join(OUT, folder), { recursive: true, filter: (path) => extname(path) !== ".ts" });
}

const exclude = filesWithoutCode(join(OUT, "lib")).map((file) => `--exclude=${file}`);
run(
  "c8",
  ...exclude,
  "mocha",
  "--no-config",
  "--timeout=240000",
  "--reporter=dot",
  `--require=./${OUT}/spec/support/quiet-warnings.js`,
  `--require=./${OUT}/spec/support/uncaught-guard.js`,
  `--require=./${OUT}/spec/support/end-guard.js`,
  // Those have commands of their own, or run as TypeScript alone.
  ...["interop", "package", "simulation", "soak", "examples/sketches"].map((kind) => `--ignore=${OUT}/spec/${kind}/**`),
  `${OUT}/spec/**/*.spec.js`,
);
const libraryPasses = passes("c8", "check-coverage", ...exclude, "--lines=95");
const corePasses = passes(
  "c8",
  "check-coverage",
  ...exclude,
  `--include=${OUT}/lib/core/**`,
  "--lines=0",
  "--branches=100",
);
process.exitCode = libraryPasses && corePasses ? 0 : 1;
