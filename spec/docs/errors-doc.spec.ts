import { expect } from "chai";
import { readFileSync } from "node:fs";
import { USMP_ERROR_CODES, UsmpError } from "../../lib/errors.js";

describe("docs/errors.md", () => {
  const [, ...sections] = readFileSync("docs/errors.md", "utf8").split(/^## /m);
  const byCode = new Map(sections.map((section) => [section.slice(0, section.indexOf("\n")), section]));

  it("has one heading for each error code, and no other", () => {
    expect(sections).to.have.length(byCode.size);
    expect([...byCode.keys()].sort()).to.deep.equal([...USMP_ERROR_CODES].sort());
  });

  for (const code of USMP_ERROR_CODES) {
    it(`gives the number of ${code}`, () => {
      const { errno } = new UsmpError(code, "");
      expect(byCode.get(code)?.match(/`errno` (-\d+)/)?.[1]).to.equal(String(errno));
    });
  }
});
