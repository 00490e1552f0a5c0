import { expect } from "chai";
import { ESLint } from "eslint";
import { getFileInfo } from "prettier";

const OURS = [
  "lib/usmp.ts",
  "spec/errors.spec.ts",
  "scripts/size.mjs",
  "templates/device/device.ts",
  "eslint.config.mjs",
];
const A_NEWCOMERS = ["device.ts", "gateway.mjs", "my-device/device.ts", "notes.md", "usmp-keys.json"];

describe("npm run lint", function () {
  this.timeout(60_000); // loads the compiler

  it("checks the project's own files, and none that a newcomer saves beside them", async () => {
    const eslint = new ESLint();
    const formatted = async (file: string): Promise<boolean> =>
      !(await getFileInfo(file, { ignorePath: ".prettierignore" })).ignored;
    for (const file of OURS) {
      expect(await eslint.isPathIgnored(file), file).to.equal(false);
      expect(await formatted(file), file).to.equal(true);
    }
    for (const file of A_NEWCOMERS) {
      expect(await eslint.isPathIgnored(file), file).to.equal(true);
      expect(await formatted(file), file).to.equal(false);
    }
  });
});
