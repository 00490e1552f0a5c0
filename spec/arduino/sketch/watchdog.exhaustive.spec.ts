import { expect } from "chai";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { PROCESS_LIMIT } from "../../support/patience.js";

/** As this file: TypeScript through the loader, or what tsc made of it. */
const EXTENSION = extname(import.meta.url);
const PROGRAM = fileURLToPath(new URL(`../../support/halting-sketch${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === ".ts" ? ["--import", "tsx"] : [];

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

function program(name: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...LOADER, PROGRAM, name], PROCESS_LIMIT, (_error, stdout, stderr) =>
      resolve({ stdout, stderr, code: child.exitCode }),
    );
  });
}

/** The loop behind this comment, which a compiler may spread over two lines. */
function placeOf(comment: string): RegExp {
  const lines = readFileSync(PROGRAM, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(`// ${comment}`)) + 1;
  return new RegExp(`at .*halting-sketch\\${EXTENSION}:(${at + 1}|${at + 2}):\\d+`);
}

const HALTS = [
  ["in loop", "loop()"],
  ["in setup", "setup()"],
  ["after a wait", "setup()"],
  ["behind catch", "loop()"],
] as const;

describe("arduino/sketch/watchdog", () => {
  it("ends a sketch on a PC that goes from promise to promise without a wait", async () => {
    const { stderr, code } = await program("pc: in promises");
    expect(stderr).to.contain("The sketch failed in loop(): ran for 200 ms of CPU time without a wait");
    expect(code).to.equal(1);
  });

  for (const [name, where] of HALTS) {
    const place = placeOf(`halts ${name}`);

    it(`ends a sketch that halts ${name} on a PC, with its line and exit code 1`, async () => {
      const { stdout, stderr, code } = await program(`pc: ${name}`);
      expect(stderr).to.contain(`The sketch failed in ${where}: ran for 200 ms of CPU time without a wait`);
      expect(stderr).to.match(place);
      expect(stdout).to.equal("");
      expect(code).to.equal(1);
    });

    it(`fails the test of a sketch that halts ${name}, and the tests after it run`, async () => {
      const { stdout, stderr, code } = await program(`board: ${name}`);
      expect(stderr).to.equal("");
      expect(stdout).to.contain(`ended SketchError: ${where}: ran for 200 ms of CPU time without a wait`);
      expect(stdout).to.match(place);
      expect(stdout).to.match(/^then 20\d turns$/m);
      expect(code).to.equal(0);
    });
  }

  it("counts CPU time, so that a machine that is busy with others ends no healthy sketch", async () => {
    expect(await program("starved")).to.deep.equal({ stdout: "3 turns\n", stderr: "", code: 0 });
  });

  it("leaves a test alone that computes while a sketch waits for a promise of its own", async () => {
    expect(await program("busy test")).to.deep.equal({ stdout: "went on\n", stderr: "", code: 0 });
  });
});
