import { expect } from "chai";
import { UsmpError } from "../../lib/errors.js";
import {
  errorFields,
  EventLog,
  isLogger,
  type LogFields,
  type Logger,
  type Metrics,
} from "../../lib/session/event-log.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";

/** Keeps what it is told. */
class KeepingLogger implements Logger {
  readonly lines: [level: string, event: string, fields: LogFields][] = [];
  debug = (event: string, fields: LogFields): void => void this.lines.push(["debug", event, fields]);
  info = (event: string, fields: LogFields): void => void this.lines.push(["info", event, fields]);
  warn = (event: string, fields: LogFields): void => void this.lines.push(["warn", event, fields]);
  error = (event: string, fields: LogFields): void => void this.lines.push(["error", event, fields]);
}

describe("EventLog", () => {
  let logger: KeepingLogger;
  let clock: VirtualClock;

  beforeEach(() => {
    logger = new KeepingLogger();
    clock = new VirtualClock(7_000);
  });

  it("passes events on at their level", () => {
    const log = new EventLog(logger, clock, 10);
    for (const level of ["debug", "info", "warn", "error"] as const) log.log(level, `an ${level}`, () => ({ n: 1 }));
    expect(logger.lines).to.deep.equal(
      ["debug", "info", "warn", "error"].map((level) => [level, `an ${level}`, { n: 1 }]),
    );
  });

  it("passes on so many of one kind a second, and says with the next one how many were left out", async () => {
    const log = new EventLog(logger, clock, 10);
    for (let at = 0; at < 1_000; at++) log.log("warn", "refused", () => ({ at }));
    expect(logger.lines.map(([, , fields]) => fields)).to.deep.equal(Array.from({ length: 10 }, (_, at) => ({ at })));
    await clock.advance(99);
    log.log("warn", "refused", () => ({ at: 1_000 }));
    expect(logger.lines).to.have.lengthOf(10);
    await clock.advance(101);
    log.log("warn", "refused", () => ({ at: 1_001 }));
    log.log("warn", "refused", () => ({ at: 1_002 }));
    expect(logger.lines.slice(10).map(([, , fields]) => fields)).to.deep.equal([
      { at: 1_001, leftOut: 991 },
      { at: 1_002 },
    ]);
  });

  it("counts each kind for itself", () => {
    const log = new EventLog(logger, clock, 1);
    for (const event of ["a", "b", "a", "b"]) log.log("info", event, () => ({}));
    expect(logger.lines.map(([, event]) => event)).to.deep.equal(["a", "b"]);
  });

  it("asks for no fields where it passes nothing on", () => {
    const fields = (): LogFields => expect.fail("they were asked for");
    new EventLog(undefined, clock, 10).log("info", "a", fields);
    new EventLog(logger, clock, 0).log("info", "a", fields);
    expect(logger.lines).to.deep.equal([]);
  });

  it("survives a logger that throws", () => {
    const throws = (): never => {
      throw new Error("disk full");
    };
    const log = new EventLog({ debug: throws, info: throws, warn: throws, error: throws }, clock, 10);
    expect(() => log.log("info", "a", () => ({}))).to.not.throw();
    expect(() => new EventLog(logger, clock, 10).log("info", "a", throws)).to.not.throw();
  });

  it("survives a logger that rejects: nobody else would catch it, and the process would end", async () => {
    // In plain JavaScript nothing says that it must not be async.
    const rejects = (async () => Promise.reject(new Error("disk full"))) as unknown as () => void;
    const log = new EventLog({ debug: rejects, info: rejects, warn: rejects, error: rejects }, clock, 10);
    log.log("info", "a", () => ({}));
    // Node tells of a rejection that nobody caught after this turn; the guard of all specs would hear it.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("calls the logger as its own method", () => {
    class Own extends KeepingLogger {
      readonly #seen: string[] = [];
      override info = (event: string): void => void this.#seen.push(event);
      get seen(): string[] {
        return this.#seen;
      }
    }
    const own = new Own();
    new EventLog(own, clock, 10).log("info", "a", () => ({}));
    expect(own.seen).to.deep.equal(["a"]);
  });

  it("knows what can be a logger", () => {
    expect([console, logger].map(isLogger)).to.deep.equal([true, true]);
    expect([null, undefined, 1, "console", () => {}, {}, { ...console, warn: 1 }].map(isLogger)).to.not.include(true);
  });

  it("tells an error by its code, its message, and what its cause says", () => {
    expect(errorFields(new UsmpError("AUTH", "no key"))).to.deep.equal({ code: "AUTH", message: "no key" });
    const cause = new Error("ECONNRESET");
    expect(errorFields(new UsmpError("TRANSPORT", "lost", { cause }))).to.deep.equal({
      code: "TRANSPORT",
      message: "lost",
      cause: "ECONNRESET",
    });
  });

  describe("with metrics", () => {
    it("counts every event, with its code, also those that the logger does not get", () => {
      const counted: string[] = [];
      let logged = 0;
      const one = (): unknown => logged++;
      const metrics: Metrics = { count: (event, code) => counted.push(`${event} ${code}`), gauge: () => {} };
      const log = new EventLog({ debug: one, info: one, warn: one, error: one }, clock, 1, metrics);
      for (let index = 0; index < 3; index++) log.log("warn", "a", () => ({ code: "AUTH" }));
      log.log("info", "b", () => ({}));
      expect([counted, logged]).to.deep.equal([["a AUTH", "a AUTH", "a AUTH", "b null"], 2]);
    });

    it("needs no logger, and outlives metrics that throw or reject", async () => {
      const gauged: (string | number)[] = [];
      const throws = (): never => {
        throw new Error("out of order");
      };
      new EventLog(undefined, clock, 1, { count: throws, gauge: (...given) => gauged.push(...given) }).gauge("x", 3);
      new EventLog(undefined, clock, 1, { count: throws, gauge: throws }).gauge("x", 3);
      new EventLog(undefined, clock, 1, { count: throws, gauge: throws }).log("info", "a", () => ({}));
      const rejects = (): unknown => Promise.reject(new Error("out of order"));
      new EventLog(undefined, clock, 1, { count: rejects, gauge: rejects }).gauge("x", 3);
      await Promise.resolve();
      expect(gauged).to.deep.equal(["x", 3]);
    });
  });
});
