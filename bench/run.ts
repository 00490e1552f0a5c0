/** Carries a comparison out: the contestants take turns, so that a busy machine slows all of them. */
import type { Comparison, Contender, Contestant, Figures, Rounds, StartOptions } from "./comparison.js";

export interface Plan extends StartOptions {
  readonly rounds: number;
  /** No comparison has more rounds than this, whatever it asks for. */
  readonly mostRounds: number;
}

export interface Outcome {
  readonly comparison: Comparison;
  readonly rounds: Rounds;
  /** Contestants that could not start, and why. */
  readonly missing: ReadonlyMap<string, string>;
}

interface Entrant {
  readonly contestant: Contestant;
  readonly figures: Figures[];
  contender: Contender | null;
}

export async function run(comparison: Comparison, plan: Plan): Promise<Outcome> {
  const missing = new Map<string, string>();
  const entrants: Entrant[] = [];
  const start = async (contestant: Contestant): Promise<void> => {
    try {
      entrants.push({ contestant, figures: [], contender: await contestant.start(plan) });
    } catch (error) {
      missing.set(contestant.name, error instanceof Error ? error.message : String(error));
    }
  };
  for (const contestant of comparison.contestants) await start(contestant);
  try {
    if (!comparison.freshEachRound) for (const { contender } of entrants) await contender?.warmUp();
    const rounds = Math.min(comparison.rounds ?? plan.rounds, plan.mostRounds);
    for (let round = 0; round < rounds; round++) await runRound(comparison, entrants, round, plan);
  } finally {
    await Promise.all(entrants.map(({ contender }) => contender?.stop()));
  }
  return {
    comparison,
    rounds: new Map(entrants.map(({ contestant, figures }) => [contestant.name, figures])),
    missing,
  };
}

async function runRound(
  comparison: Comparison,
  entrants: readonly Entrant[],
  round: number,
  plan: Plan,
): Promise<void> {
  const measure = async (entrant: Entrant): Promise<void> => {
    if (comparison.freshEachRound) await renew(entrant, plan);
    if (entrant.contender !== null) entrant.figures.push(await entrant.contender.measure());
    if (comparison.freshEachRound) await dismiss(entrant);
  };
  if (comparison.atOnce) await Promise.all(entrants.map(measure));
  // Nobody always goes first.
  else for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) await measure(entrant);
}

async function renew(entrant: Entrant, plan: Plan): Promise<void> {
  entrant.contender ??= await entrant.contestant.start(plan);
  await entrant.contender.warmUp();
}

async function dismiss(entrant: Entrant): Promise<void> {
  await entrant.contender?.stop();
  entrant.contender = null;
}
