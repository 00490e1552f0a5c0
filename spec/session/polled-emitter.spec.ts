import { expect } from "chai";
import type { EventMap } from "../../lib/session/guarded-emitter.js";
import { PolledEmitter } from "../../lib/session/polled-emitter.js";

interface Events extends EventMap {
  news: [text: string];
}

class Station extends PolledEmitter<Events> {
  constructor(polled: boolean) {
    super({ error: true, news: true }, polled);
  }
  tell = (text: string): void => this.dispatch("news", text);
  poll = (andThen: () => void = () => {}): void => this.runWaiting(andThen);
  run = (call: () => void): void => this.runOrWait(call);
  get atOnce(): boolean {
    return this.runsAtOnce;
  }
}

function listening(polled: boolean): { station: Station; heard: string[] } {
  const station = new Station(polled);
  const heard: string[] = [];
  station.on("news", (text) => heard.push(text));
  return { station, heard };
}

describe("PolledEmitter", () => {
  it("tells events as they come where it is not polled, and polling does nothing", () => {
    const { station, heard } = listening(false);
    station.tell("a");
    station.poll(() => heard.push("and then"));
    expect(heard).to.deep.equal(["a"]);
    expect(station.atOnce).to.equal(true);
  });

  it("keeps events, in order, until it is polled", () => {
    const { station, heard } = listening(true);
    station.tell("a");
    station.run(() => heard.push("call"));
    station.tell("b");
    expect([heard.length, station.atOnce]).to.deep.equal([0, false]);
    station.poll(() => heard.push("and then"));
    expect(heard).to.deep.equal(["a", "call", "b", "and then"]);
    station.poll();
    expect(heard).to.have.lengthOf(4);
  });

  it("tells at once what comes while it is polled", () => {
    const { station, heard } = listening(true);
    station.poll(() => {
      expect(station.atOnce).to.equal(true);
      station.tell("a");
      expect(heard).to.deep.equal(["a"]);
    });
  });

  it("does nothing where a callback polls, too", () => {
    const { station, heard } = listening(true);
    station.on("news", () => station.poll(() => heard.push("nested")));
    station.tell("a");
    station.tell("b");
    station.poll(() => heard.push("end"));
    expect(heard).to.deep.equal(["a", "b", "end"]);
  });

  it("goes on polling after a callback failed", () => {
    const { station, heard } = listening(true);
    const errors: string[] = [];
    station.on("error", ({ code }) => errors.push(code));
    station.on("news", () => {
      throw new Error("boom");
    });
    station.tell("a");
    station.poll();
    station.tell("b");
    station.poll();
    expect([heard, errors]).to.deep.equal([
      ["a", "b"],
      ["HANDLER", "HANDLER"],
    ]);
  });

  it("forgets the oldest of more than 1,024 events that nobody polls for", () => {
    const { station, heard } = listening(true);
    for (let index = 0; index < 1_030; index++) station.tell(`${index}`);
    station.poll();
    expect([heard.length, heard[0], heard.at(-1)]).to.deep.equal([1_024, "6", "1029"]);
  });
});
