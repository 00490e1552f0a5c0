/** The runner of `npm run test:fuzz`, as a process: it has to find what breaks, and to say so. */
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const RUNNER = fileURLToPath(new URL("../../scripts/fuzz.mjs", import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly out: string;
}

function run(...args: readonly string[]): Outcome {
  const env: NodeJS.ProcessEnv = { ...process.env, FUZZ_SECONDS: "1" };
  delete env["NODE_V8_COVERAGE"];
  delete env["FUZZ_KEEP"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUNNER, ...args], { env, encoding: "utf8" });
  return { status, out: stdout + stderr };
}

describe("scripts/fuzz.mjs", () => {
  it("reports a target that breaks, by either fuzzer, with an input that replays it", () => {
    const { status, out } = run("--target", "broken-on-purpose");
    expect(status, out).to.equal(1);
    expect(out).to.match(/^FINDING in broken-on-purpose, by fast-check: .*found, as it should be/m);
    expect(out).to.match(/^FINDING in broken-on-purpose, by jsfuzz: .*found, as it should be/m);
    expect(out.trim().split("\n").at(-1)).to.equal("0 passed, 1 failed");

    const inputs = [...out.matchAll(/--target broken-on-purpose --input ([0-9a-f]+)$/gm)].map(([, hex]) => hex!);
    expect(inputs).to.have.lengthOf(2);
    const replayed = run("--target", "broken-on-purpose", "--input", inputs[1]!);
    expect(replayed.status).to.equal(1);
    expect(replayed.out).to.include("found, as it should be");
  });

  it("replays an input that breaks nothing", () => {
    const { status, out } = run("--target", "frame-decoder", "--input", "00ff");
    expect([status, out.trim()]).to.deep.equal([0, "frame-decoder: nothing found with this input"]);
  });

  it("does not pass a target that cannot be run", () => {
    const { status, out } = run("--target", "no-such-target");
    expect(status, out).to.equal(1);
    expect(out.trim().split("\n").at(-1)).to.equal("0 passed, 1 failed");
  });
});
