import { expect } from "chai";
import { warnProcess } from "../../lib/session/process-warning.js";
import { warningsDuring } from "../support/session-waits.js";

describe("warnProcess", () => {
  it("gives a text, with type and code, or an error as it is", async () => {
    const error = new Error("as it is");
    const warnings = await warningsDuring(() => {
      warnProcess("a text", { type: "UsmpWarning", code: "AUTH" });
      warnProcess(error);
    });
    expect(warnings[0]).to.include({ name: "UsmpWarning", code: "AUTH", message: "a text" });
    expect(warnings[1]).to.equal(error);
  });

  it("does nothing where there is no process, or one that takes no warnings", () => {
    const { process } = globalThis;
    for (const other of [undefined, null, {}]) {
      try {
        Object.defineProperty(globalThis, "process", { value: other, configurable: true, writable: true });
        expect(() => warnProcess("a text")).to.not.throw();
      } finally {
        Object.defineProperty(globalThis, "process", { value: process, configurable: true, writable: true });
      }
    }
  });
});
