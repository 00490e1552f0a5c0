import { expect } from "chai";
import { LineLimit } from "../../lib/cli/line-limit.js";

describe("LineLimit", () => {
  it("passes on ten lines a second and counts the rest", () => {
    let now = 0;
    const lines: string[] = [];
    const limit = new LineLimit(
      (line) => lines.push(line),
      () => now,
    );
    for (let line = 1; line <= 15; line++) limit.line(`line ${line}`);
    expect(lines).to.have.length(10);
    now = 1_000;
    limit.line("later");
    limit.line("last");
    expect(lines.slice(9)).to.deep.equal(["line 10", "later (and 5 more since the line before)", "last"]);
  });
});
