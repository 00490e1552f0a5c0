import { expect } from "chai";
import { UsageError } from "../../lib/cli/context.js";
import { addLimit, limitLines } from "../../lib/cli/limits.js";
import { finished } from "./terminal.js";

const env = { USMP_PSK: "0123456789abcdef" };

describe("--limit", () => {
  it("takes name=number, one after the other, the last of a name", () => {
    const first = addLimit("maxSessions=7");
    const second = addLimit("slowTimeoutMs=0", first);
    expect(second).to.deep.equal({ maxSessions: 7, slowTimeoutMs: 0 });
    expect(addLimit("maxSessions=8", second)).to.deep.equal({ maxSessions: 8, slowTimeoutMs: 0 });
    expect(first).to.deep.equal({ maxSessions: 7 });
  });

  for (const bad of ["", "maxSessions", "=5", "maxSession=5"]) {
    it(`refuses ${JSON.stringify(bad)}, and says what there is`, () => {
      expect(() => addLimit(bad)).to.throw(
        UsageError,
        /is not a limit: give name=number, where name is one of maxSessions, /,
      );
    });
  }

  for (const inherited of ["toString", "constructor", "hasOwnProperty"]) {
    it(`knows no limit called ${inherited}`, () => {
      expect(() => addLimit(`${inherited}=1`)).to.throw(UsageError);
    });
  }

  for (const bad of ["", "0x10", "many", "1e9", " 5", "5 "]) {
    it(`refuses maxSessions=${JSON.stringify(bad)}, and names it`, () => {
      expect(() => addLimit(`maxSessions=${bad}`)).to.throw(
        UsageError,
        /^".*" is not a number: give maxSessions=number/s,
      );
    });
  }

  it("leaves it to the library which numbers are allowed", () => {
    expect(addLimit("maxSessions=-1.5")).to.deep.equal({ maxSessions: -1.5 });
  });

  it("is in the help, each with its default", async () => {
    const { out } = await finished(["serve", "--help"]);
    for (const line of limitLines().split("\n")) expect(out).to.include(line);
    expect(limitLines().split("\n")).to.include.members([
      "  maxSessions=4096",
      "  sessionTimeoutMs=60000",
      "  maxUnsentBytes=65536",
    ]);
  });

  for (const [argv, said] of [
    [["--limit", "maxSesions=5"], /--limit.*"maxSesions=5".*not a limit.*maxSessions/],
    [["--limit", "maxSessions=many"], /--limit.*"many" is not a number: give maxSessions=number/],
    [["--limit", "maxSessions=-1"], /maxSessions is -1; give a whole number from 1 to 10000000/],
    [["--limit", "sessionTimeoutMs=-1"], /sessionTimeoutMs is -1; give a number of at least 0/],
    [["--limit", "maxSessions=0"], /maxSessions is 0; give a whole number from 1 to 10000000/],
    [["--limit", "maxHandshakes=2"], /maxHandshakesPerAddress is 16; give at most maxHandshakes, which is 2/],
    [["--limit"], /--limit.*argument missing/],
    [["--limit", "maxSessions=5\u001b[2J"], /--limit.*\\u001b/],
    [["--grace", "soon"], /--grace.*"soon" is not a valid time: give milliseconds, 0 to 2147483647/],
    [["--grace", "-1"], /--grace.*"-1" is not a valid time/],
    [["--log=loud"], /--log/],
    [["--logs"], /unknown option '--logs'.*--log/],
  ] as const) {
    it(`says in one line what is wrong with serve ${JSON.stringify(argv)}, and fails as wrong usage`, async () => {
      const { exitCode, out, err } = await finished(["serve", "--port", "0", ...argv], { env });
      expect({ exitCode, out }, err).to.deep.equal({ exitCode: 2, out: "" });
      expect(err)
        .to.match(said)
        .and.to.match(/^usmp: [ -~]*\n$/);
    });
  }
});
