import { expect } from "chai";
import { callSite, TraceBudget } from "../../../lib/arduino/sketch/call-site.js";

const traced = (...lines: string[]): object => ({ stack: ["Error: text", ...lines].join("\n") });

describe("arduino/sketch/call-site", () => {
  it("leaves out Node's lines, and packages'", () => {
    const stack = traced(
      "    at node:internal/process/task_queues:95:5",
      "    at new Promise (<anonymous>)",
      "    at Sensor.read (file:///home/me/node_modules/sensor/index.js:1:2)",
      "    at async loop (file:///home/me/my%20sketch/blink.ts:12:5)",
      "    at file:///home/me/other.ts:1:1",
    );
    expect(callSite(stack)).to.equal("/home/me/my sketch/blink.ts:12:5");
  });

  it("leaves out this library's own lines", () => {
    const own = (new Error("for its stack trace").stack ?? "").replaceAll(
      "/spec/arduino/sketch/",
      "/lib/arduino/board/",
    );
    expect(callSite({ stack: own })).to.equal(null);
    // As a copy of it that came by the other module format.
    const other = own.includes("file://") ? own.replaceAll("file://", "") : own.replaceAll("(/", "(file:///");
    expect(callSite({ stack: other })).to.equal(null);
  });

  it("knows paths of each kind of system and module", () => {
    for (const [line, site] of [
      ["    at loop (/home/me/blink.cjs:3:4)", "/home/me/blink.cjs:3:4"],
      ["    at loop (C:\\me\\blink.cjs:3:4)", "C:\\me\\blink.cjs:3:4"],
      ["    at loop (file:///C:/me/blink.mjs:3:4)", "C:/me/blink.mjs:3:4"],
      ["    at /home/me/(old)/blink.ts:3:4", "/home/me/(old)/blink.ts:3:4"],
      ["    at loop (file:///home/%zz.mjs:3:4)", "file:///home/%zz.mjs:3:4"],
      ["    at async Promise.all (index 0)", null],
    ] as const)
      expect(callSite(traced(line)), line).to.equal(site);
  });

  it("gives null for what has no stack trace", () => {
    for (const value of [undefined, null, "text", {}, { stack: 7 }]) expect(callSite(value)).to.equal(null);
  });

  it("traces each wait some hundred times, and many different ones", () => {
    const budget = new TraceBudget();
    const traces = Array.from({ length: 1_000 }, () => budget.take("delay(10)"));
    expect(traces.filter((trace) => trace !== null)).to.have.length(500);
    for (let ms = 0; ms < 1_000; ms++) expect(callSite(budget.take(`delay(${ms + 20})`))).to.match(/call-site\.spec/);
  });

  it("gives null for what throws when it is asked for its stack trace", () => {
    const hostile = {
      get stack(): string {
        throw new Error("no stack");
      },
    };
    expect(callSite(hostile)).to.equal(null);
  });
});
