/** What is measured on a pair of processes, and in which figures. */
import type { Pair } from "./pair.js";
import { quantile } from "./statistics.js";

/** What one round gives, by name and unit. */
export type Figures = Readonly<Record<string, number>>;

export interface Work {
  /** Sessions that are open before it begins. */
  readonly sessions: number;
  /** Does it `times` times. */
  run(pair: Pair, times: number): Promise<Figures>;
  /** A round is one time, in fresh processes: memory that was used once is not given back. */
  readonly isOnce?: boolean;
  /** How many times, before the speed is known. */
  readonly firstTimes: number;
  /** A round takes this many times as long as others. */
  readonly longer?: number;
  /** Each end runs on a core of its own. */
  readonly coreEach?: boolean;
}

/** Messages a second from device to gateway, as fast as the device takes them: on each session in turn. */
export function oneWay(sessions: number): Work {
  return {
    sessions,
    firstTimes: 1_000,
    run: async (pair, times) => ({ "messages/s": await pair.oneWay(Math.ceil(times / sessions) * sessions) }),
  };
}

/**
 * Until a message is back, one after the other. Linux keeps two processes that wait for each other on one core for a while and apart for
 * another, and a core that sleeps takes some 40 us to wake: with a core each, all contenders are in the same position.
 */
export const echo: Work = {
  sessions: 1,
  // V8 has compiled the way of a message by then, and its space for new objects has the size that it keeps.
  firstTimes: 2_000,
  coreEach: true,
  // Some fifty collections of garbage in a round: p99 is about them.
  longer: 5,
  run: async (pair, times) => {
    const before = await pair.cpu();
    const microseconds = await pair.echo(times);
    const cpu = (await pair.cpu()) - before;
    return { "p50, us": quantile(microseconds, 0.5), "p99, us": quantile(microseconds, 0.99), "CPU, us": cpu / times };
  },
};

/** V8 compiles the code of a connection only after thousands of them, as in a gateway that has been up for a while. */
const FIRST_HANDSHAKES = 2_000;

/** Sessions a second that are opened and closed again. */
export function handshakes(atOnce: number): Work {
  return {
    sessions: 0,
    firstTimes: FIRST_HANDSHAKES,
    longer: 5,
    run: async (pair, times) => ({ "handshakes/s": await pair.handshakes(times, atOnce) }),
  };
}

/** What each of `sessions` idle sessions adds to the gateway's process, after as many that it grew up with. */
export function memory(sessions: number): Work {
  return {
    sessions,
    firstTimes: 1,
    run: async (pair) => {
      const before = await pair.memory();
      await pair.connect(2 * sessions);
      const after = await pair.memory();
      const each = (from: number, to: number): number => (to - from) / sessions / 1024;
      const figures = {
        "heap and buffers, KiB": each(before.held, after.held),
        "RSS, KiB": each(before.rss, after.rss),
      };
      // The Python SDK cannot tell what it holds.
      return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
    },
    isOnce: true,
  };
}
