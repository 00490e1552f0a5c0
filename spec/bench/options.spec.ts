import { expect } from "chai";

import { chosen, CHECK_HELP, HELP, parseCheckOptions, parseOptions, planOf } from "../../bench/options.js";
import { COMPARISONS } from "../../bench/comparisons.js";

describe("The bench's options", () => {
  it("measure everything in full where there are none, and only then keep the results", () => {
    expect(parseOptions([])).to.include({ isWhole: true, quick: false, profile: false });
    for (const args of [["--quick"], ["--profile"], ["--only", "echo"]]) {
      expect(parseOptions(args).isWhole, args.join(" ")).to.be.false;
    }
  });

  it("choose comparisons by their titles, in either case", () => {
    const titles = chosen(COMPARISONS, parseOptions(["--only", "ECHO.*32 bytes, udp"])).map(({ title }) => title);
    expect(titles).to.not.be.empty;
    for (const title of titles) expect(title).to.match(/^echo.*32 bytes, UDP/);
  });

  it("shorten the rounds, and leave at least five of them", () => {
    const [full, quick] = [false, true].map((isQuick) => planOf({ quick: isQuick, profile: false }));
    expect(quick?.roundMs).to.be.below(full?.roundMs ?? NaN);
    for (const rounds of [full?.rounds, quick?.rounds, quick?.mostRounds]) expect(rounds).to.be.at.least(5);
  });

  it("are all explained by --help", () => {
    for (const option of ["only", "quick", "profile", "list", "help"]) expect(HELP).to.include(`--${option}`);
    for (const option of ["only", "all", "help"]) expect(CHECK_HELP).to.include(`--${option}`);
  });

  it("refuse what they do not know", () => {
    expect(() => parseOptions(["--fast"])).to.throw("--fast");
    expect(() => parseCheckOptions(["--quick"])).to.throw("--quick");
  });
});
