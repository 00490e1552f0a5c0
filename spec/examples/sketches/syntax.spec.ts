import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const SKETCHES = fileURLToPath(new URL("../../../examples/sketches/", import.meta.url));
const HEADERS = fileURLToPath(new URL("../../support/arduino-headers/", import.meta.url));

const sketches = readdirSync(SKETCHES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `${SKETCHES}${name}/${name}.ino`);

const hasCompiler = spawnSync("g++", ["--version"]).error === undefined;

describe("the sketches for a board", () => {
  // What the core's version 2 and version 3 compile with.
  for (const standard of ["gnu++11", "gnu++20"]) {
    const title = `are C++ that g++ takes as ${standard}, without a warning`;
    if (!hasCompiler) {
      it(`${title} (not checked: there is no g++ here)`);
      continue;
    }
    it(title, () => {
      const options = ["-fsyntax-only", `-std=${standard}`, "-Wall", "-Wextra", "-Werror", `-I${HEADERS}`];
      const { status, stderr } = spawnSync("g++", [...options, "-x", "c++", "-include", "Arduino.h", ...sketches]);
      expect(stderr.toString()).to.equal("");
      expect(status).to.equal(0);
    });
  }
});
