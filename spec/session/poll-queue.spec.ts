import { expect } from "chai";
import type { UsmpError } from "../../lib/errors.js";
import { Emitter, Subscribable } from "../../lib/session/emitter.js";
import { PollQueue } from "../../lib/session/poll-queue.js";

interface Events {
  error: [error: UsmpError];
  news: [text: string];
}

class Station extends Subscribable<Events> {
  readonly #events: Emitter<Events>;
  readonly queue: PollQueue;
  constructor() {
    const queue = new PollQueue();
    const events = new Emitter<Events>({ error: true, news: true }, { queue });
    super(events);
    this.#events = events;
    this.queue = queue;
  }
  tell = (text: string): void => this.#events.emit("news", text);
  tellNow = (text: string): void => this.#events.emitNow("news", text);
  poll = (andThen: () => void = () => {}): void => this.queue.poll(andThen);
  run = (call: () => void): void => this.queue.run(call);
}

function listening(): { station: Station; heard: string[] } {
  const station = new Station();
  const heard: string[] = [];
  station.on("news", (text) => heard.push(text));
  return { station, heard };
}

describe("PollQueue", () => {
  it("lets events that have waited elsewhere pass", () => {
    const { station, heard } = listening();
    station.tell("queued");
    station.tellNow("now");
    expect(heard).to.deep.equal(["now"]);
  });

  it("keeps events, in order, until it is polled", () => {
    const { station, heard } = listening();
    station.tell("a");
    station.run(() => heard.push("call"));
    station.tell("b");
    expect([heard.length, station.queue.isPolling]).to.deep.equal([0, false]);
    station.poll(() => heard.push("and then"));
    expect(heard).to.deep.equal(["a", "call", "b", "and then"]);
    station.poll();
    expect(heard).to.have.lengthOf(4);
  });

  it("tells at once what comes while it is polled", () => {
    const { station, heard } = listening();
    station.poll(() => {
      expect([station.queue.isPolling, station.queue.mustWait]).to.deep.equal([true, false]);
      station.tell("a");
      expect(heard).to.deep.equal(["a"]);
    });
  });

  it("does nothing where a callback polls, too", () => {
    const { station, heard } = listening();
    station.on("news", () => station.poll(() => heard.push("nested")));
    station.tell("a");
    station.tell("b");
    station.poll(() => heard.push("end"));
    expect(heard).to.deep.equal(["a", "b", "end"]);
  });

  it("goes on polling after a callback failed", () => {
    const { station, heard } = listening();
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
    const { station, heard } = listening();
    for (let index = 0; index < 1_030; index++) station.tell(`${index}`);
    station.poll();
    expect([heard.length, heard[0], heard.at(-1)]).to.deep.equal([1_024, "6", "1029"]);
  });
});
