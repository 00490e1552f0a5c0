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
  /** Contestants that could not start or failed, and why. */
  readonly missing: ReadonlyMap<string, string>;
}

export async function run(comparison: Comparison, plan: Plan): Promise<Outcome> {
  const entrants = comparison.contestants.map((contestant) => new Entrant(contestant, plan));
  try {
    if (!comparison.freshEachRound) {
      await Promise.all(entrants.map((entrant) => entrant.enter()));
      for (const entrant of entrants) await entrant.warmUp();
    }
    const rounds = Math.min(comparison.rounds ?? plan.rounds, plan.mostRounds);
    for (let round = 0; round < rounds; round++) await runRound(comparison, entrants, round);
  } finally {
    await Promise.all(entrants.map((entrant) => entrant.leave()));
  }
  const good = entrants.filter(({ failure }) => failure === null);
  const bad = entrants.filter(({ failure }) => failure !== null);
  return {
    comparison,
    rounds: new Map(good.map(({ name, figures }) => [name, figures])),
    missing: new Map(bad.map(({ name, failure }) => [name, failure ?? ""])),
  };
}

async function runRound(comparison: Comparison, entrants: readonly Entrant[], round: number): Promise<void> {
  const measure = async (entrant: Entrant): Promise<void> => {
    if (comparison.freshEachRound) {
      await entrant.enter();
      await entrant.warmUp();
    }
    await entrant.measure();
    if (comparison.freshEachRound) await entrant.leave();
  };
  if (comparison.atOnce) await Promise.all(entrants.map(measure));
  // Nobody always goes first.
  else for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) await measure(entrant);
}

/** A contestant in the run. One that fails is left out from then on: the others go on without it. */
class Entrant {
  readonly name: string;
  readonly figures: Figures[] = [];
  failure: string | null = null;
  readonly #contestant: Contestant;
  readonly #plan: Plan;
  #contender: Contender | null = null;

  constructor(contestant: Contestant, plan: Plan) {
    this.name = contestant.name;
    this.#contestant = contestant;
    this.#plan = plan;
  }

  async enter(): Promise<void> {
    await this.#try(async () => {
      this.#contender = await this.#contestant.start(this.#plan);
    });
  }

  async warmUp(): Promise<void> {
    await this.#try(async () => this.#contender?.warmUp());
  }

  async measure(): Promise<void> {
    await this.#try(async () => {
      if (this.#contender !== null) this.figures.push(await this.#contender.measure());
    });
  }

  async leave(): Promise<void> {
    const contender = this.#contender;
    this.#contender = null;
    await contender?.stop();
  }

  async #try(step: () => Promise<void>): Promise<void> {
    if (this.failure !== null) return;
    try {
      await step();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      await this.leave();
    }
  }
}
