import { expect } from "chai";
import { resolve } from "node:path";
import { programName } from "../../lib/cli/program-name.js";

describe("programName", () => {
  for (const [script, env, name] of [
    ["/usr/local/bin/usmp", {}, "usmp"],
    ["/home/me/project/node_modules/.bin/usmp", {}, "npx usmp"],
    ["/home/me/.npm/_npx/1f/node_modules/.bin/usmp", { npm_command: "exec" }, "npx usmp"],
    // A global program that a script of npm started: the variables are npm's, the place is not.
    ["/usr/local/bin/usmp", { npm_command: "run-script" }, "usmp"],
    ["C:\\project\\node_modules\\usmp\\dist\\cli.js", { npm_command: "exec" }, "npx usmp"],
    ["C:\\Users\\me\\npm\\node_modules\\usmp\\dist\\cli.js", {}, "usmp"],
    [resolve("dist/cli.js"), {}, "node dist/cli.js"],
    ["/opt/with space/cli.js", {}, 'node "/opt/with space/cli.js"'],
  ] as const) {
    it(`is ${name} for ${script} with ${JSON.stringify(env)}`, () => {
      expect(programName(script, env)).to.equal(name);
    });
  }
});
