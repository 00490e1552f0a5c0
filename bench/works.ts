/** What is measured on a pair of processes. Each function makes a contestant of a peer. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Contender, Contestant, Figures, StartOptions } from "./comparison.js";
import type { Peer } from "./contestants.js";
import { Pair, type Setup } from "./pair.js";
import { quantile } from "./statistics.js";

/** The first, rough measures, from which the length of a round follows; they also warm both ends up. */
const TRIAL_MS = 80;
const TRIALS = 3;

/** One kind of measurement, whatever the peer. */
interface Work {
  /** Sessions that are open before it begins. */
  readonly sessions: number;
  /** How many times in the first trial. */
  readonly firstTrial: number;
  /** A round has this many times at least. */
  readonly least: number;
  /** A round takes this many times as long as others. */
  readonly longer?: number;
  /** Does it `times` times. */
  readonly run: (pair: Pair, times: number) => Promise<Figures>;
  /** About how many times fit into a second, from a round's figures. */
  readonly speed: (figures: Figures) => number;
}

function contestant(name: string, peer: Peer, setup: Setup, work: Work): Contestant {
  return {
    name,
    start: async ({ roundMs, profileAs }: StartOptions): Promise<Contender> => {
      const pair = await Pair.start(peer, setup, profileAs);
      let times = work.firstTrial;
      const timesFor = (figures: Figures, ms: number): number =>
        Math.max(work.least, Math.ceil((work.speed(figures) * ms) / 1000));
      return {
        warmUp: async () => {
          await pair.connect(work.sessions);
          for (let trial = 0; trial < TRIALS; trial++) times = timesFor(await work.run(pair, times), TRIAL_MS);
          times = timesFor(await work.run(pair, times), roundMs * (work.longer ?? 1));
        },
        measure: () => work.run(pair, times),
        stop: () => pair.stop(),
      };
    },
  };
}

interface OneWayOptions {
  readonly name?: string;
  readonly sessions?: number;
  readonly inTurns?: boolean;
}

/** Messages a second from one end to the other, as fast as they are taken. */
export function oneWay(peer: Peer, setup: Setup, options: OneWayOptions = {}): Contestant {
  const { name = peer.name, sessions = 1, inTurns = false } = options;
  /** Every session sends as many. */
  const whole = (times: number): number => Math.ceil(times / sessions) * sessions;
  return contestant(name, peer, setup, {
    sessions,
    firstTrial: 1_000,
    least: 100,
    run: async (pair, times) => ({ "messages/s": await pair.oneWay(whole(times), inTurns) }),
    speed: (figures) => figures["messages/s"] ?? 0,
  });
}

/** Microseconds until a message came back. */
export function echo(peer: Peer, setup: Setup): Contestant {
  return contestant(peer.name, peer, setup, {
    sessions: 1,
    firstTrial: 100,
    least: 50,
    run: async (pair, times) => {
      const microseconds = await pair.echo(times);
      return { p50: quantile(microseconds, 0.5), p99: quantile(microseconds, 0.99) };
    },
    speed: ({ p50 = NaN }) => 1e6 / p50,
  });
}

/**
 * A connection runs most of its code once: V8 has compiled what it will only after some thousands, as in a gateway that has been up for
 * a while.
 */
const FIRST_HANDSHAKES = 5_000;

/** Connections a second, each opened, proved and closed. */
export function handshakes(peer: Peer, setup: Setup, atOnce: number): Contestant {
  return contestant(peer.name, peer, setup, {
    sessions: 0,
    firstTrial: FIRST_HANDSHAKES,
    least: 50,
    // Some hundred of them: a stall of the machine takes as long as several.
    longer: 5,
    run: async (pair, times) => ({ "handshakes/s": await pair.handshakes(times, atOnce) }),
    speed: (figures) => figures["handshakes/s"] ?? 0,
  });
}

/** KiB of the receiver's process for each of the second so many idle sessions: the first ones are those it still grows up with. */
export function memory(peer: Peer, setup: Setup, sessions: number): Contestant {
  return {
    name: peer.name,
    start: async ({ profileAs }) => {
      const pair = await Pair.start(peer, setup, profileAs);
      return {
        warmUp: async () => {
          await pair.handshakes(100, 8);
          await pair.connect(sessions);
        },
        measure: async () => {
          const before = await pair.memory();
          await pair.connect(2 * sessions);
          const after = await pair.memory();
          const each = (what: "rss" | "held"): number => (after[what] - before[what]) / sessions / 1024;
          // The Python SDK cannot tell what it holds.
          return { RSS: each("rss"), ...(Number.isFinite(after.held) && { "heap and buffers": each("held") }) };
        },
        stop: () => pair.stop(),
      };
    },
  };
}

const IDLE_MS = 2_100;

/** Microseconds of processor time that each end takes in a second without messages. */
export function idling(peer: Peer, setup: Setup): Contestant {
  return {
    name: peer.name,
    start: async ({ profileAs }) => {
      const pair = await Pair.start(peer, setup, profileAs);
      return {
        warmUp: async () => {
          await pair.connect(1);
          await pair.echo(100);
          await pair.processorTime();
          await sleep(IDLE_MS);
        },
        measure: async () => {
          const before = await pair.processorTime();
          await sleep(IDLE_MS);
          const after = await pair.processorTime();
          const each = (end: "sender" | "receiver"): number => ((after[end] - before[end]) * 1000) / IDLE_MS;
          return { device: each("sender"), gateway: each("receiver") };
        },
        stop: () => pair.stop(),
      };
    },
  };
}
