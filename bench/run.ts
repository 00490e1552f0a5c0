/** Carries a comparison out: the contenders take turns, so that a busy machine slows all of them. */
import type { Comparison, Contender, Setup } from "./comparisons.js";
import { Pair, type PairOptions } from "./pair.js";
import type { Figures, Work } from "./works.js";

export interface Plan {
  readonly rounds: number;
  /** How long a round should take. */
  readonly roundMs: number;
  /** Options of the Node processes of this library, for profiles. */
  readonly nodeOptions?: readonly string[];
}

export interface Outcome {
  readonly title: string;
  /** A contender's figures, an entry for each round. */
  readonly rounds: ReadonlyMap<string, readonly Figures[]>;
  /** Contenders that failed, and why. The others continue without them. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Who is ready to be measured. */
export interface Entrant {
  measure(): Promise<Figures>;
  stop(): Promise<void>;
}

export type Enter = (contender: Contender, comparison: Comparison, plan: Plan) => Promise<Entrant>;

export async function run(comparison: Comparison, plan: Plan, enter: Enter = enterPair): Promise<Outcome> {
  const rounds = new Map<string, Figures[]>();
  const failed = new Map<string, string>();
  const entrants = new Map<Contender, Entrant>();
  const attempt = async (contender: Contender, step: () => Promise<void>): Promise<void> => {
    if (failed.has(contender.name)) return;
    try {
      await step();
    } catch (error) {
      failed.set(contender.name, error instanceof Error ? error.message : String(error));
      rounds.delete(contender.name);
    }
  };
  try {
    for (const contender of comparison.contenders) {
      await attempt(contender, async () => {
        entrants.set(contender, await enter(contender, comparison, plan));
        rounds.set(contender.name, []);
      });
    }
    for (let round = 0; round < plan.rounds; round++) {
      // Nobody always comes first.
      const order = round % 2 === 0 ? comparison.contenders : comparison.contenders.toReversed();
      for (const contender of order) {
        await attempt(contender, async () => {
          const figures = await entrants.get(contender)?.measure();
          if (figures !== undefined) rounds.get(contender.name)?.push(figures);
        });
      }
    }
  } finally {
    await Promise.all([...entrants.values()].map((entrant) => entrant.stop()));
  }
  return { title: comparison.title, rounds, failed };
}

async function enterPair(contender: Contender, comparison: Comparison, plan: Plan): Promise<Entrant> {
  const { setup, work } = comparison;
  const options: PairOptions = {
    coreEach: work.coreEach ?? false,
    ...(contender.library !== undefined && plan.nodeOptions && { nodeOptions: plan.nodeOptions }),
  };
  if (work.isOnce) return freshPairs(contender, setup, work, options);
  const pair = await Pair.start(contender, setup, options);
  try {
    await pair.connect(work.sessions);
    const times = await warmUp(pair, work, plan);
    return { measure: () => work.run(pair, times), stop: () => pair.stop() };
  } catch (error) {
    await pair.stop();
    throw error;
  }
}

/** The first, rough measures, from which the length of a round follows; meanwhile V8 compiles what both ends run. */
const TRIAL_MS = 80;
const TRIALS = 3;
const MIN_TIMES = 50;

/** How many times fit into a round. */
async function warmUp(pair: Pair, work: Work, { roundMs }: Plan): Promise<number> {
  let times = work.firstTimes;
  for (let trial = 0; trial <= TRIALS; trial++) {
    const start = performance.now();
    await work.run(pair, times);
    const wantedMs = trial < TRIALS ? TRIAL_MS : roundMs * (work.longer ?? 1);
    times = Math.max(MIN_TIMES, Math.ceil((times * wantedMs) / (performance.now() - start)));
  }
  return times;
}

/** Each round has processes of its own. */
function freshPairs(contender: Contender, setup: Setup, work: Work, options: PairOptions): Entrant {
  return {
    measure: async () => {
      const pair = await Pair.start(contender, setup, options);
      try {
        await pair.connect(work.sessions);
        return await work.run(pair, work.firstTimes);
      } finally {
        await pair.stop();
      }
    },
    stop: () => Promise.resolve(),
  };
}
