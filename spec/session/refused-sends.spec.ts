import { expect } from "chai";
import { UsmpError } from "../../lib/errors.js";
import { RefusedSends } from "../../lib/session/refused-sends.js";

const full = (): UsmpError => new UsmpError("BUFFER_FULL", "spec");

describe("RefusedSends", () => {
  it("counts every refused send, and reports the first of each run, which a taken one ends", () => {
    const reported: UsmpError[] = [];
    const sends = new RefusedSends((reason) => reported.push(reason));
    const [first, second] = [full(), full()];
    sends.taken();
    for (const reason of [first, full(), full()]) sends.refused(reason);
    sends.taken();
    sends.refused(second);
    expect([sends.count, reported]).to.deep.equal([4, [first, second]]);
  });

  it("reports once where the report itself sends, and is refused", () => {
    let reports = 0;
    const sends: RefusedSends = new RefusedSends(() => {
      reports++;
      sends.refused(full());
    });
    sends.refused(full());
    expect([sends.count, reports]).to.deep.equal([2, 1]);
  });
});
