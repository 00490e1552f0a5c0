import { expect } from "chai";
import { isUsmpError, UsmpError } from "../../lib/errors.js";
import { Emitter, emitterOf, Subscribable, type EventNames, type Listener } from "../../lib/session/emitter.js";
import { microtasks, warningsDuring } from "../support/session-waits.js";

interface Events {
  error: [error: UsmpError];
  news: [text: string, count: number];
  quiet: [];
}

const EVENTS: EventNames<Events> = { error: true, news: true, quiet: true };

class Station extends Subscribable<Events> {
  readonly added: string[] = [];
  readonly #events: Emitter<Events>;
  constructor() {
    const events = new Emitter<Events>(EVENTS, { onListener: (event) => this.added.push(event) });
    super(events);
    this.#events = events;
  }
  tell = (text: string, count = 1): void => this.#events.emit("news", text, count);
  hush = (): void => this.#events.emit("quiet");
  report = (error: UsmpError): void => this.#events.report(error);
  hears = (event: keyof Events): boolean => this.#events.has(event);
  onNews = (callback: Listener<Events["news"]> | null): void => this.#events.setCallback("news", callback);
}

/** What reaches "error", by code and cause. */
function listenForErrors(station: Station): UsmpError[] {
  const errors: UsmpError[] = [];
  station.on("error", (error) => errors.push(error));
  return errors;
}

describe("Emitter", () => {
  describe("listeners", () => {
    it("are called with all arguments, the callback first, then in the order in which they were added", () => {
      const station = new Station();
      const heard: string[] = [];
      station.on("news", (text, count) => heard.push(`first ${text} ${count}`));
      station.on("news", (text) => heard.push(`second ${text}`));
      station.onNews((text) => heard.push(`callback ${text}`));
      station.tell("rain", 3);
      expect(heard).to.deep.equal(["callback rain", "first rain 3", "second rain"]);
    });

    it("added with once run once", () => {
      const station = new Station();
      const heard: string[] = [];
      station.once("news", (text) => heard.push(text));
      station.tell("a");
      station.tell("b");
      expect(heard).to.deep.equal(["a"]);
    });

    it("are removed one by one", () => {
      const station = new Station();
      const heard: string[] = [];
      const first = (text: string): unknown => heard.push(`1${text}`);
      const second = (text: string): unknown => heard.push(`2${text}`);
      station.on("news", first).once("news", second);
      station.off("news", first);
      station.tell("a");
      station.on("news", first).off("news", first);
      station.tell("b");
      expect(heard).to.deep.equal(["2a"]);
      expect(station.hears("news")).to.equal(false);
    });

    it("are reported to the emitter's owner, callbacks too", () => {
      const station = new Station();
      station.on("news", () => {});
      station.once("quiet", () => {});
      station.onNews(() => {});
      station.onNews(null);
      expect(station.added).to.deep.equal(["news", "quiet", "news"]);
    });

    it("are added and removed under either of Node's names", () => {
      const station = new Station();
      const heard: string[] = [];
      const listener = (text: string): unknown => heard.push(text);
      expect(station.addListener("news", listener)).to.equal(station);
      station.tell("a");
      expect(station.removeListener("news", listener)).to.equal(station);
      station.tell("b");
      expect(heard).to.deep.equal(["a"]);
    });

    it("added twice run twice, and are removed one registration at a time, the most recent first", () => {
      const station = new Station();
      const heard: string[] = [];
      const twice = (text: string): unknown => heard.push(text);
      station.on("news", twice).on("news", () => heard.push("between"));
      station.once("news", twice);
      station.off("news", twice);
      station.tell("a");
      station.tell("b");
      expect(heard).to.deep.equal(["a", "between", "b", "between"]);
      station.on("news", twice).off("news", twice);
      station.tell("c");
      expect(heard.slice(4)).to.deep.equal(["c", "between"]);
      station.off("news", twice).off("news", twice);
      expect(station.listenerCount("news")).to.equal(1);
    });

    it("added with once, the same twice, run once each", () => {
      const station = new Station();
      let runs = 0;
      const listener = (): unknown => runs++;
      station.once("quiet", listener).once("quiet", listener).on("quiet", listener);
      station.hush();
      station.hush();
      // Three, and then the one that stays.
      expect(runs).to.equal(4);
    });

    it("have the emitter as their this", () => {
      const station = new Station();
      const seen: unknown[] = [];
      station.on("quiet", function (this: unknown) {
        seen.push(this);
      });
      station.hush();
      expect(seen).to.deep.equal([station]);
    });

    it("are counted, without the callback, and name their events", () => {
      const station = new Station();
      station.onNews(() => {});
      expect([station.listenerCount("news"), station.eventNames()]).to.deep.equal([0, []]);
      station.on("news", () => {}).once("quiet", () => {});
      station.on("news", () => {});
      expect([station.listenerCount("news"), station.listenerCount("quiet")]).to.deep.equal([2, 1]);
      expect(station.eventNames()).to.deep.equal(["news", "quiet"]);
      station.hush();
      expect([station.listenerCount("quiet"), station.eventNames()]).to.deep.equal([0, ["news"]]);
    });

    it("are removed all at once, of one event or of every one, and callbacks stay", () => {
      const station = new Station();
      const heard: string[] = [];
      station.onNews((text) => heard.push(text));
      station.on("news", () => heard.push("listener")).on("quiet", () => heard.push("quiet"));
      expect(station.removeAllListeners("news")).to.equal(station);
      station.tell("a");
      station.hush();
      expect(heard).to.deep.equal(["a", "quiet"]);
      station.removeAllListeners();
      station.hush();
      expect([heard.length, station.eventNames()]).to.deep.equal([2, []]);
    });

    it("cannot be added to an event that does not exist: INVALID_ARG names those that do", () => {
      const station = new Station();
      for (const add of ["on", "once", "addListener"] as const) {
        for (const name of ["mesage", "toString", "__proto__", Symbol("s"), 5, undefined]) {
          expect(() => station[add](name as "news", () => {}))
            .to.throw(UsmpError, /^there is no event .+; the events are error, news, quiet$/)
            .with.property("code", "INVALID_ARG");
        }
      }
      expect(() => station.on("mesage" as "news", () => {})).to.throw('there is no event "mesage"');
      expect(station.added).to.deep.equal([]);
    });

    it("may be asked for, and removed from, an event that does not exist", () => {
      const station = new Station();
      for (const name of ["mesage", "toString", Symbol("s")] as unknown[] as "news"[]) {
        expect(station.off(name, () => {})).to.equal(station);
        expect(station.removeListener(name, () => {}).removeAllListeners(name)).to.equal(station);
        expect(station.listenerCount(name)).to.equal(0);
      }
    });

    it("of the library are neither counted, nor removed with the others", () => {
      const station = new Station();
      const heard: string[] = [];
      const listener = (text: string): unknown => heard.push(text);
      const stop = emitterOf(station).observe("news", listener);
      station.off("news", listener).removeAllListeners("news").removeAllListeners();
      expect([station.listenerCount("news"), station.eventNames()]).to.deep.equal([0, []]);
      station.tell("a");
      expect([heard, station.hears("news")]).to.deep.equal([["a"], true]);
      station.on("news", listener);
      stop();
      station.tell("b");
      expect([heard, station.listenerCount("news")]).to.deep.equal([["a", "b"], 1]);
    });

    it("may remove themselves and each other while an event is told", () => {
      const station = new Station();
      const heard: string[] = [];
      const first = (): void => {
        heard.push("first");
        station.off("news", first);
      };
      station.on("news", first).on("news", () => heard.push("second"));
      station.tell("a");
      station.tell("b");
      expect(heard).to.deep.equal(["first", "second", "second"]);
    });

    it("return the emitter, for chains", () => {
      const station = new Station();
      expect(
        station
          .on("quiet", () => {})
          .once("quiet", () => {})
          .off("quiet", () => {}),
      ).to.equal(station);
    });
  });

  describe("the callback slot", () => {
    it("holds one callback: the last", () => {
      const station = new Station();
      const heard: string[] = [];
      station.onNews(() => heard.push("old"));
      station.onNews(() => heard.push("new"));
      station.tell("a");
      expect(heard).to.deep.equal(["new"]);
    });

    it("is cleared by null", () => {
      const station = new Station();
      station.onNews(() => expect.fail("it was cleared"));
      station.onNews(null);
      station.tell("a");
      expect(station.hears("news")).to.equal(false);
    });

    it("refuses what is no function with a TypeError that names it", () => {
      const station = new Station();
      for (const given of [undefined, 5, "x", {}]) {
        expect(() => station.onNews(given as never)).to.throw(TypeError, `of type ${typeof given}`);
      }
    });
  });

  describe("a listener that fails", () => {
    it('by throwing is an "error" event with code HANDLER and the thrown as cause, and the others still run', () => {
      const station = new Station();
      const errors = listenForErrors(station);
      const thrown = new Error("boom");
      const heard: string[] = [];
      station.onNews(() => {
        throw thrown;
      });
      station.on("news", () => heard.push("other"));
      station.tell("a");
      expect(heard).to.deep.equal(["other"]);
      expect(errors.map(({ code, cause }) => [code, cause])).to.deep.equal([["HANDLER", thrown]]);
      expect(errors[0]!.message).to.include("boom");
    });

    it('by rejecting is an "error" event, too', async () => {
      const station = new Station();
      const errors = listenForErrors(station);
      const rejected = new Error("later");
      station.on("news", async () => Promise.reject(rejected));
      station.tell("a");
      await microtasks();
      expect(errors.map(({ code, cause }) => [code, cause])).to.deep.equal([["HANDLER", rejected]]);
    });

    it('is one process warning where nobody listens for "error"', async () => {
      const station = new Station();
      station.on("news", () => {
        throw new Error("unheard");
      });
      const warnings = await warningsDuring(() => station.tell("a"));
      expect(warnings.map((warning) => (isUsmpError(warning) ? warning.code : warning.name))).to.deep.equal([
        "HANDLER",
      ]);
    });

    it('on "error" is told of once more, and then is a warning, not a loop', async () => {
      const station = new Station();
      const seen: string[] = [];
      station.on("error", (error) => {
        seen.push(error.code);
        throw new Error("I fail at this, too");
      });
      const warnings = await warningsDuring(() => station.report(new UsmpError("AUTH", "lookup")));
      expect(seen).to.deep.equal(["AUTH", "HANDLER"]);
      expect(warnings).to.have.lengthOf(1);
    });

    it('on "error" by rejecting ends in a warning as well', async () => {
      const station = new Station();
      let calls = 0;
      station.on("error", async () => {
        calls++;
        await Promise.resolve();
        throw new Error("rejected");
      });
      const warnings = await warningsDuring(() => station.report(new UsmpError("AUTH", "lookup")));
      expect([calls, warnings.length]).to.deep.equal([2, 1]);
    });

    for (const [what, make] of [
      ["null", () => null],
      ["undefined", () => undefined],
      ["a symbol", () => Symbol("s")],
      ["an object without prototype", () => Object.create(null) as unknown],
      ["an error whose message is a symbol", () => Object.assign(new Error(), { message: Symbol("odd") })],
      [
        "an error whose message has no text",
        () => Object.assign(new Error(), { message: Object.create(null) as unknown }),
      ],
      [
        "an object whose toString throws",
        () => ({
          toString: () => {
            throw new Error("no text");
          },
        }),
      ],
      [
        "an error whose message throws",
        () =>
          Object.defineProperty(new Error(), "message", {
            get: () => {
              throw new Error("no message");
            },
          }),
      ],
    ] as const) {
      it(`with ${what} cannot hurt the sender either`, () => {
        const station = new Station();
        const errors = listenForErrors(station);
        const thrown: unknown = make();
        let others = 0;
        station.on("news", () => {
          throw thrown;
        });
        station.on("news", () => others++);
        station.tell("a");
        expect(errors.map(({ code }) => code)).to.deep.equal(["HANDLER"]);
        expect(others).to.equal(1);
      });
    }

    it("with a then that throws cannot either", () => {
      const station = new Station();
      const errors = listenForErrors(station);
      station.on("news", () => ({
        get then() {
          throw new Error("no then");
        },
      }));
      station.tell("a");
      expect(errors.map(({ code }) => code)).to.deep.equal(["HANDLER"]);
    });
  });

  describe("reportError", () => {
    it('reaches every "error" listener', () => {
      const station = new Station();
      const first = listenForErrors(station);
      const second = listenForErrors(station);
      const error = new UsmpError("TRANSPORT", "gone");
      station.report(error);
      expect([first, second]).to.deep.equal([[error], [error]]);
    });

    it("is a process warning where nobody listens", async () => {
      const error = new UsmpError("TRANSPORT", "gone");
      expect(await warningsDuring(() => new Station().report(error))).to.deep.equal([error]);
    });
  });
});
