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
    const [full, quick] = [planOf({ quick: false }), planOf({ quick: true })];
    expect(quick.roundMs).to.be.below(full.roundMs);
    expect([full.rounds, quick.rounds, quick.mostRounds].every((rounds) => rounds >= 5)).to.be.true;
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
