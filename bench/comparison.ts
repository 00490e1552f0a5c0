/** What a comparison is: data that `run.ts` carries out and the reports read. */

/** What one round gives, by name: `{ "per second": 93000 }`, or `{ p50: 160, p99: 410 }`. */
export type Figures = Readonly<Record<string, number>>;

/** Somebody who is ready to be measured. */
export interface Contender {
  /** Runs what will be measured, until it is compiled and its speed is known. */
  warmUp(): Promise<void>;
  measure(): Promise<Figures>;
  /** Ends its processes. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** How long a round should take, in milliseconds. */
  readonly roundMs: number;
  /** Where given, our own processes write CPU profiles whose names begin like this. */
  readonly profileAs?: string;
}

export interface Contestant {
  readonly name: string;
  start(options: StartOptions): Promise<Contender>;
}

/** How our figure is held against another's: divided by it, less it, or by itself. */
export type Measure = "ratio" | "difference" | "itself";

/** A line of the task: our figure against that of the contestant `against`. */
export interface Goal {
  readonly figure: string;
  readonly against?: string;
  readonly measure: Measure;
  readonly least?: number;
  readonly most?: number;
}

export interface Comparison {
  readonly title: string;
  readonly unit: string;
  /** Ours comes first. */
  readonly contestants: readonly Contestant[];
  readonly goals: readonly Goal[];
  /** Rounds of a full run, where it is not the plan's number. */
  readonly rounds?: number;
  /** Each round has processes of its own: memory that was used once is not given back. */
  readonly freshEachRound?: boolean;
  /** All are measured at the same time: they do nothing. */
  readonly atOnce?: boolean;
}

/** The figures of each contestant, one entry a round. */
export type Rounds = ReadonlyMap<string, readonly Figures[]>;

export function atLeast(least: number, figure: string, against: string): Goal {
  return { measure: "ratio", figure, against, least };
}

export function atMost(most: number, figure: string, against: string): Goal {
  return { measure: "ratio", figure, against, most };
}

export function atMostItself(most: number, figure: string): Goal {
  return { measure: "itself", figure, most };
}

export function atMostMore(most: number, figure: string, against: string): Goal {
  return { measure: "difference", figure, against, most };
}
