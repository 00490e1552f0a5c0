import { expect } from "chai";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { shown, TestJournal } from "../../lib/testing/test-journal.js";

describe("TestJournal", () => {
  it("shows what happened with its time since the beginning", async () => {
    const clock = new VirtualClock(5_000);
    const journal = new TestJournal(clock);
    expect(String(journal)).to.equal("  nothing");
    journal.add("one");
    await clock.advance(12);
    journal.add("two");
    expect(String(journal)).to.equal("  0 ms: one\n  12 ms: two");
    expect(journal.elapsedMs).to.equal(12);
  });

  it("shows the last twelve, and how many were before them", () => {
    const journal = new TestJournal(new VirtualClock());
    for (let index = 0; index < 15; index++) journal.add(`${index}`);
    const lines = String(journal).split("\n");
    expect([lines[0], lines[1], lines.length]).to.deep.equal(["  (3 entries before)", "  0 ms: 3", 13]);
  });
});

describe("shown", () => {
  it("shows text as text, anything else as hex, and cuts what is long", () => {
    expect(shown(Buffer.from('say "é"\n'))).to.equal('"say \\"é\\"\\n"');
    expect(shown(Uint8Array.of(0xff, 0x00))).to.equal("bytes ff00");
    expect(shown(Buffer.alloc(100, "a"))).to.equal(`"${"a".repeat(60)}" ... (100 bytes)`);
  });
});
