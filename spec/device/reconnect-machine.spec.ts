import { expect } from "chai";
import fc from "fast-check";

import {
  backoffDelay,
  checkBackoff,
  DEFAULT_BACKOFF,
  NO_RETRY,
  parseReconnect,
  step,
  type BackoffOptions,
  type ReconnectEffect,
  type LifeInput,
  type ReconnectState,
  type Transition,
} from "../../lib/device/reconnect-machine.js";
import { USMP_ERROR_CODES, UsmpError, type UsmpErrorCode } from "../../lib/errors.js";
import { thrownBy } from "../support/facade-rig.js";

const NOW = 5_000;
const HALF = 0.5;
const ALMOST_ONE = 1 - 2 ** -53;

const error = (code: UsmpErrorCode): UsmpError => new UsmpError(code, "for this spec");

/** The attempt that each state is in; 6 is an old one, 8 one that never was. */
const running = { attempt: 7, failures: 2, sessions: 1 };
const STATES: Record<ReconnectState["name"], ReconnectState> = {
  idle: { name: "idle" },
  opening: { name: "opening", ...running },
  handshaking: { name: "handshaking", ...running },
  established: { name: "established", ...running, since: 1_000 },
  backoff: { name: "backoff", ...running, retryAt: 6_000, delayMs: 1_000, error: error("TIMEOUT") },
  closed: { name: "closed", attempt: 7, error: error("CLOSED") },
};

const INPUTS = {
  begin: () => ({ type: "begin" }),
  reconnect: () => ({ type: "reconnect" }),
  close: () => ({ type: "close", error: error("CLOSED") }),
  linkOpen: (attempt) => ({ type: "linkOpen", attempt }),
  established: (attempt) => ({ type: "established", attempt }),
  failed: (attempt) => ({ type: "failed", attempt, error: error("TRANSPORT") }),
  lost: (attempt) => ({ type: "lost", attempt, error: error("BYE") }),
  timer: (attempt) => ({ type: "timer", attempt }),
} satisfies Record<LifeInput["type"], (attempt: number) => LifeInput>;

type InputName = keyof typeof INPUTS;
const NUMBERED: readonly InputName[] = ["linkOpen", "established", "failed", "lost", "timer"];

/** `f`: failures in a row, `s`: sessions of this life; after "|" the effects. "=": the very same state, no effect. */
const NEW_LIFE = "opening 8 f0 s0 | drop, dial 8";
const AGAIN_NOW = "opening 8 f0 s1 | drop, dial 8";
const CLOSED = "closed 7 CLOSED | drop";
const TABLE: Record<ReconnectState["name"], Record<InputName, string>> = {
  idle: {
    begin: "opening 1 f0 s0 | drop, dial 1",
    reconnect: "=",
    close: "closed 0 CLOSED | drop",
    linkOpen: "=",
    established: "=",
    failed: "=",
    lost: "=",
    timer: "=",
  },
  opening: {
    begin: NEW_LIFE,
    reconnect: AGAIN_NOW,
    close: CLOSED,
    linkOpen: "handshaking 7 f2 s1 |",
    established: "established 7 f2 s2 since 5000 | announce again",
    failed: "backoff 7 f3 s1 TRANSPORT 4000 until 9000 | startTimer 7 4000",
    lost: "=",
    timer: "=",
  },
  handshaking: {
    begin: NEW_LIFE,
    reconnect: AGAIN_NOW,
    close: CLOSED,
    linkOpen: "=",
    established: "established 7 f2 s2 since 5000 | announce again",
    failed: "backoff 7 f3 s1 TRANSPORT 4000 until 9000 | startTimer 7 4000",
    lost: "=",
    timer: "=",
  },
  established: {
    begin: NEW_LIFE,
    reconnect: AGAIN_NOW,
    close: CLOSED,
    linkOpen: "=",
    established: "=",
    failed: "=",
    lost: "backoff 7 f3 s1 BYE 4000 until 9000 | startTimer 7 4000",
    timer: "=",
  },
  backoff: {
    begin: NEW_LIFE,
    reconnect: AGAIN_NOW,
    close: CLOSED,
    linkOpen: "=",
    established: "=",
    failed: "=",
    lost: "=",
    timer: "opening 8 f2 s1 | dial 8",
  },
  closed: {
    begin: NEW_LIFE,
    reconnect: "=",
    close: CLOSED,
    linkOpen: "=",
    established: "=",
    failed: "=",
    lost: "=",
    timer: "=",
  },
};

function run(state: ReconnectState, input: LifeInput, given: Partial<BackoffOptions> = {}): Transition {
  return step(state, input, NOW, HALF, { ...DEFAULT_BACKOFF, ...given });
}

function show(before: ReconnectState, { state, effects }: Transition): string {
  if (state === before && effects.length === 0) return "=";
  return `${showState(state)} | ${effects.map(showEffect).join(", ")}`.trimEnd();
}

function showState(state: ReconnectState): string {
  if (state.name === "idle") return "idle";
  if (state.name === "closed") return `closed ${state.attempt} ${state.error.code}`;
  const text = `${state.name} ${state.attempt} f${state.failures} s${state.sessions}`;
  if (state.name === "established") return `${text} since ${state.since}`;
  if (state.name === "backoff") return `${text} ${state.error.code} ${state.delayMs} until ${state.retryAt}`;
  return text;
}

function showEffect(effect: ReconnectEffect): string {
  switch (effect.type) {
    case "dial":
      return `dial ${effect.attempt}`;
    case "drop":
      return "drop";
    case "startTimer":
      return `startTimer ${effect.attempt} ${effect.delayMs}`;
    case "announce":
      return effect.again ? "announce again" : "announce";
  }
}

describe("The reconnect machine", () => {
  for (const [name, state] of Object.entries(STATES)) {
    describe(`in state ${name}`, () => {
      for (const [input, expected] of Object.entries(TABLE[state.name]) as [InputName, string][]) {
        it(`answers ${input} with ${expected}`, () => {
          expect(show(state, run(state, INPUTS[input](7)))).to.equal(expected);
        });
      }

      for (const input of NUMBERED) {
        it(`does not change for ${input} of another attempt`, () => {
          for (const attempt of [0, 6, 8]) expect(show(state, run(state, INPUTS[input](attempt)))).to.equal("=");
        });
      }
    });
  }

  it("never changes a state in place", () => {
    for (const state of Object.values(STATES)) {
      const frozen = Object.freeze({ ...state });
      for (const input of Object.values(INPUTS)) run(frozen, Object.freeze(input(7)));
    }
  });

  it("announces the first session of a life as no reconnect, also after a life before", () => {
    const begun = run(STATES.established, { type: "begin" }).state;
    const established = run(begun, { type: "established", attempt: 8 });
    expect(established.effects).to.deep.equal([{ type: "announce", again: false }]);
  });

  it("never uses an attempt number twice", () => {
    let state: ReconnectState = { name: "idle" };
    const seen: number[] = [];
    const inputs = fc.sample(fc.constantFrom(...Object.values(INPUTS)), { numRuns: 500, seed: 4_711 });
    for (const input of inputs) {
      const attempt = state.name === "idle" ? 0 : state.attempt;
      const next = run(state, input(attempt));
      for (const effect of next.effects) if (effect.type === "dial") seen.push(effect.attempt);
      state = next.state;
    }
    expect(seen.length).to.be.greaterThan(100);
    expect(seen).to.deep.equal(Array.from(seen, (_, index) => index + 1));
  });

  describe("gives up", () => {
    for (const code of ["INVALID_ARG", "UNSUPPORTED"] as const) {
      it(`at once for ${code}`, () => {
        for (const name of ["opening", "handshaking"] as const) {
          const transition = run(STATES[name], { type: "failed", attempt: 7, error: error(code) });
          expect(show(STATES[name], transition)).to.equal(`closed 7 ${code} |`);
        }
        const lost = run(STATES.established, { type: "lost", attempt: 7, error: error(code) });
        expect(show(STATES.established, lost)).to.equal(`closed 7 ${code} |`);
      });
    }

    it("for no other code", () => {
      for (const code of USMP_ERROR_CODES) {
        if (code === "INVALID_ARG" || code === "UNSUPPORTED") continue;
        expect(run(STATES.opening, { type: "failed", attempt: 7, error: error(code) }).state.name, code).to.equal(
          "backoff",
        );
      }
    });

    it("at the last of maxAttempts and not before", () => {
      const failed: LifeInput = { type: "failed", attempt: 7, error: error("TIMEOUT") };
      expect(run(STATES.opening, failed, { maxAttempts: 4 }).state.name).to.equal("backoff");
      expect(show(STATES.opening, run(STATES.opening, failed, { maxAttempts: 3 }))).to.equal("closed 7 TIMEOUT |");
    });

    it("after the first failure and after any loss where there is no retry", () => {
      const opening = run(STATES.idle, { type: "begin" }).state;
      expect(run(opening, { type: "failed", attempt: 1, error: error("TIMEOUT") }, NO_RETRY).state.name).to.equal(
        "closed",
      );
      const established = { ...STATES.established, failures: 0, since: -1e9 } as ReconnectState;
      expect(run(established, { type: "lost", attempt: 7, error: error("BYE") }, NO_RETRY).state.name).to.equal(
        "closed",
      );
    });
  });

  describe("starts the backoff over", () => {
    const lostAfter = (livedMs: number, stableMs?: number): ReconnectState => {
      const state = { ...STATES.established, since: NOW - livedMs } as ReconnectState;
      const given = stableMs === undefined ? {} : { stableMs };
      return run(state, { type: "lost", attempt: 7, error: error("BYE") }, given).state;
    };

    it("only after a session that was stable", () => {
      expect(showState(lostAfter(29_999)))
        .to.contain("f3")
        .and.to.contain(" 4000 ");
      expect(showState(lostAfter(30_000)))
        .to.contain("f1")
        .and.to.contain(" 1000 ");
    });

    it("after a time that can be chosen, 0 included", () => {
      expect(showState(lostAfter(99, 100))).to.contain("f3");
      expect(showState(lostAfter(100, 100))).to.contain("f1");
      expect(showState(lostAfter(0, 0))).to.contain("f1");
    });

    it("on reconnect, which counts no failure", () => {
      expect(run(STATES.backoff, { type: "reconnect" }).state).to.include({ failures: 0, sessions: 1 });
    });

    it("not in a loop of connecting and dropping", () => {
      let now = 0;
      let state = step({ name: "idle" }, { type: "begin" }, now, HALF, DEFAULT_BACKOFF).state;
      const delays: number[] = [];
      const advance = (input: LifeInput): void => {
        state = step(state, input, now, ALMOST_ONE, DEFAULT_BACKOFF).state;
      };
      for (const livedMs of [0, 1, 29_999, 10, 10, 10, 30_000, 10]) {
        const attempt = (state as { readonly attempt: number }).attempt;
        advance({ type: "linkOpen", attempt });
        advance({ type: "established", attempt });
        now += livedMs;
        advance({ type: "lost", attempt, error: error("TRANSPORT") });
        delays.push(Math.round((state as { readonly delayMs: number }).delayMs));
        now += delays.at(-1)!;
        advance({ type: "timer", attempt });
      }
      expect(delays).to.deep.equal([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 2_000, 4_000]);
    });
  });
});

describe("The backoff's delay", () => {
  const transport = error("TRANSPORT");
  const failureCounts = fc.integer({ min: 1, max: 1_000_000 });
  const randoms = fc.double({ min: 0, max: ALMOST_ONE, noNaN: true });

  it("doubles from 2 s to 30 s by default", () => {
    const windows = [1, 2, 3, 4, 5, 6, 100].map((failures) =>
      Math.round(backoffDelay(failures, transport, ALMOST_ONE, DEFAULT_BACKOFF)),
    );
    expect(windows).to.deep.equal([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("has full jitter: it is the random number's share of the window, from 0 on", () => {
    fc.assert(
      fc.property(failureCounts, randoms, (failures, random) => {
        const window = Math.min(30_000, 2_000 * 2 ** (failures - 1));
        expect(backoffDelay(failures, transport, random, DEFAULT_BACKOFF)).to.equal(random * window);
      }),
    );
  });

  it("is finite and within its cap for any options, up to a million failures", () => {
    const durations = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(failureCounts, randoms, durations, durations, (failures, random, minDelayMs, more) => {
        const options = { ...DEFAULT_BACKOFF, minDelayMs, maxDelayMs: minDelayMs + more };
        const delay = backoffDelay(failures, transport, random, options);
        expect(delay).to.be.within(0, options.maxDelayMs);
      }),
    );
  });

  it("of a million failures in a row is clamped at each of them", () => {
    for (let failures = 1; failures <= 1_000_000; failures++) {
      const delay = backoffDelay(failures, transport, ALMOST_ONE, DEFAULT_BACKOFF);
      if (!(delay > 0 && delay <= 30_000)) expect.fail(`${delay} after ${failures} failures`);
    }
  });

  it("is exactly the cap for AUTH, whatever the random number and the count", () => {
    fc.assert(
      fc.property(failureCounts, randoms, fc.boolean(), (failures, random, spread) => {
        const options = { ...DEFAULT_BACKOFF, firstDelayMs: spread ? 10_000 : 0 };
        expect(backoffDelay(failures, error("AUTH"), random, options)).to.equal(30_000);
      }),
    );
  });

  it("is uniform from 0 to firstDelayMs at first, and no later window is narrower", () => {
    const options = { ...DEFAULT_BACKOFF, firstDelayMs: 10_000 };
    const windows = [1, 2, 3, 4, 5, 6].map((failures) =>
      Math.round(backoffDelay(failures, transport, ALMOST_ONE, options)),
    );
    expect(windows).to.deep.equal([10_000, 10_000, 10_000, 16_000, 30_000, 30_000]);
    expect(backoffDelay(1, transport, 0, options)).to.equal(0);
    expect(backoffDelay(1, transport, 0.25, options)).to.equal(2_500);
    const wide = { ...options, firstDelayMs: 60_000 };
    fc.assert(
      fc.property(failureCounts, randoms, (failures, random) => {
        expect(backoffDelay(failures, transport, random, wide)).to.equal(random * 60_000);
      }),
    );
  });

  it("takes a firstDelayMs below the first window as it is", () => {
    const options = { ...DEFAULT_BACKOFF, firstDelayMs: 500 };
    expect(backoffDelay(1, transport, HALF, options)).to.equal(250);
    expect(backoffDelay(2, transport, HALF, options)).to.equal(2_000);
  });
});

describe("checkBackoff", () => {
  const codeOf = (given: Record<string, unknown>): string => {
    const thrown = thrownBy(() => checkBackoff({ ...DEFAULT_BACKOFF, ...given }));
    return `${thrown.code} ${thrown.message.split(" ")[0]}`;
  };

  it("takes the defaults, and the bounds of each option", () => {
    checkBackoff(DEFAULT_BACKOFF);
    checkBackoff(NO_RETRY);
    checkBackoff({ minDelayMs: 0, maxDelayMs: 0, firstDelayMs: 0, stableMs: 0, maxAttempts: 1, delayMs: () => 0 });
  });

  it("refuses a delay function that is none", () => {
    expect(codeOf({ delayMs: 5 })).to.equal("INVALID_ARG reconnect.delayMs");
  });

  it("takes the user's option in each of its forms", () => {
    const delayMs = (): number => 5;
    expect(parseReconnect(undefined)).to.deep.equal(DEFAULT_BACKOFF);
    expect(parseReconnect(false)).to.equal(NO_RETRY);
    expect(parseReconnect({ maxAttempts: 3 })).to.deep.equal({ ...DEFAULT_BACKOFF, maxAttempts: 3 });
    expect(parseReconnect(delayMs)).to.deep.equal({ ...DEFAULT_BACKOFF, delayMs });
    expect(thrownBy(() => parseReconnect({ minDelay: 5 } as object)).message).to.include("minDelay");
  });

  it("lets a function decide alone, and takes the longest delay for what is no time", () => {
    const asked: unknown[] = [];
    const options = { ...DEFAULT_BACKOFF, delayMs: (...given: unknown[]) => (asked.push(given), 1_234) };
    const wrongKey = error("AUTH");
    expect(backoffDelay(3, wrongKey, HALF, options)).to.equal(1_234);
    expect(asked).to.deep.equal([[3, wrongKey]]);
    expect(backoffDelay(1, wrongKey, HALF, { ...DEFAULT_BACKOFF, delayMs: () => 0 })).to.equal(0);
    for (const bad of [NaN, -1, Infinity, undefined, "soon"]) {
      expect(backoffDelay(1, wrongKey, HALF, { ...DEFAULT_BACKOFF, delayMs: () => bad as number })).to.equal(30_000);
    }
  });

  it("refuses what is out of range or no number, with INVALID_ARG and the option's name", () => {
    for (const bad of [-1, NaN, "2000", null]) {
      expect(codeOf({ minDelayMs: bad })).to.equal("INVALID_ARG reconnect.minDelayMs");
      expect(codeOf({ firstDelayMs: bad })).to.equal("INVALID_ARG reconnect.firstDelayMs");
      expect(codeOf({ stableMs: bad })).to.equal("INVALID_ARG reconnect.stableMs");
    }
    expect(codeOf({ maxDelayMs: 1_999 })).to.equal("INVALID_ARG reconnect.maxDelayMs");
    expect(codeOf({ maxAttempts: 0 })).to.equal("INVALID_ARG reconnect.maxAttempts");
  });
});
