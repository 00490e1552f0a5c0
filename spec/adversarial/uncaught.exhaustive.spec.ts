/** What nobody catches fails every run of the specs: shown on runs that have something of the kind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const HERE = fileURLToPath(import.meta.url);
const GUARD = fileURLToPath(new URL(`../support/uncaught-guard${extname(HERE)}`, import.meta.url));
const MOCHA = join(createRequire(import.meta.url).resolve("mocha/package.json"), "../bin/mocha.js");

interface Outcome {
  readonly exitCode: unknown;
  readonly said: string;
}

describe("whatever nobody catches in a spec", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-uncaught-"));
  });

  after(() => rmSync(folder, { recursive: true }));

  /** Runs mocha on a spec with this body. */
  async function runOf(body: string): Promise<Outcome> {
    const file = join(folder, "made.spec.mjs");
    writeFileSync(file, `describe("made", () => { ${body} });\n`);
    const env: NodeJS.ProcessEnv = { ...process.env };
    delete env["NODE_V8_COVERAGE"];
    const args = [MOCHA, "--no-config", "--import=tsx", `--require=${GUARD}`, file];
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [exitCode] = (await once(child, "close")) as unknown[];
    return { exitCode, said };
  }

  const swallow = `process.removeAllListeners("uncaughtException"); process.on("uncaughtException", () => {});`;
  for (const [what, body] of [
    [
      "a timer's error",
      `it("a", (done) => { ${swallow} setTimeout(() => { throw new Error("lost"); }); setTimeout(done, 50); });`,
    ],
    ["a rejection", `it("a", (done) => { Promise.reject(new Error("lost")); setTimeout(done, 50); });`],
    ["an error after the last spec", `it("a", () => { setTimeout(() => { throw new Error("lost"); }, 200); });`],
    [
      "a rejection after the last spec",
      `it("a", () => { setTimeout(() => { Promise.reject(new Error("lost")); }, 200); });`,
    ],
  ] as const) {
    it(`fails the run: ${what}`, async () => {
      const { exitCode, said } = await runOf(body);
      expect(said).to.include("1 passing").and.to.include("Error: lost");
      expect(exitCode, said).to.be.greaterThan(0);
    });
  }

  it("is all that fails a run: one with nothing of the kind succeeds", async () => {
    const { exitCode, said } = await runOf(
      `it("a", async () => { await Promise.reject(new Error("x")).catch(() => {}); });`,
    );
    expect(exitCode, said).to.equal(0);
  });
});
