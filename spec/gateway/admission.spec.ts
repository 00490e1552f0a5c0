import { expect } from "chai";
import { Admission } from "../../lib/gateway/admission.js";

describe("Admission", () => {
  it("gives out as many places as there are, in all", () => {
    const admission = new Admission(2, 9);
    expect([admission.enter("a"), admission.enter("b"), admission.enter("c")]).to.deep.equal([true, true, false]);
  });

  it("gives out as many places as one address may have", () => {
    const admission = new Admission(9, 2);
    expect([admission.enter("a"), admission.enter("a"), admission.enter("a"), admission.enter("b")]).to.deep.equal([
      true,
      true,
      false,
      true,
    ]);
  });

  it("gives a place again that was given back", () => {
    const admission = new Admission(2, 1);
    admission.enter("a");
    admission.enter("b");
    admission.leave("a");
    expect([admission.enter("b"), admission.enter("a"), admission.enter("c")]).to.deep.equal([false, true, false]);
  });

  it("takes no place for an entry that it refused", () => {
    const admission = new Admission(9, 1);
    admission.enter("a");
    for (let tries = 0; tries < 5; tries++) admission.enter("a");
    admission.leave("a");
    expect(admission.enter("a")).to.equal(true);
  });
});
