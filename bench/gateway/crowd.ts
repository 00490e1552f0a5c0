import type { Actor, Carrier, DeviceCounts, Echoes, Stage, Strain } from "./actors.js";

export const PSK = "the key of the benchmark";

/** Two processes never have a device in common. */
const DEVICES_PER_PROCESS = 100_000;
const FIRST: Readonly<Record<Carrier, number>> = { tcp: 0, udp: 100, plain: 200 };

/** Devices of one carrier, in one or more processes. */
export class Crowd {
  readonly carrier: Carrier;
  readonly #processes: readonly Actor[];

  private constructor(carrier: Carrier, processes: readonly Actor[]) {
    this.carrier = carrier;
    this.#processes = processes;
  }

  static async start(stage: Stage, carrier: Carrier, port: number, processes: number): Promise<Crowd> {
    const started = Array.from({ length: processes }, (_, index) =>
      stage.start("devices.mjs", [], PSK, carrier, port, (FIRST[carrier] + index) * DEVICES_PER_PROCESS),
    );
    await Promise.all(started.map((each) => each.ready("ready")));
    return new Crowd(carrier, started);
  }

  /** Rejects where one could not. */
  async connect(count: number, perSecond: number): Promise<void> {
    const share = 1 / this.#processes.length;
    await this.#all("connect", { count: Math.round(count * share), perSecond: perSecond * share });
  }

  async echo(ms: number, everyMs: number): Promise<Echoes> {
    const all = await this.#all<Echoes>("echo", { ms, everyMs });
    const sum = (of: (echoes: Echoes) => number): number => all.reduce((total, each) => total + of(each), 0);
    return {
      sent: sum(({ sent }) => sent),
      skipped: sum(({ skipped }) => skipped),
      missing: sum(({ missing }) => missing),
      microseconds: all.flatMap(({ microseconds }) => microseconds),
    };
  }

  /** Sessions that ended without having been told to, by the code of the reason. */
  async lost(): Promise<Readonly<Record<string, number>>> {
    const all: Record<string, number> = {};
    for (const { lost } of await this.#all<DeviceCounts>("counts")) {
      for (const [code, count] of Object.entries(lost)) all[code] = (all[code] ?? 0) + count;
    }
    return all;
  }

  /** How often devices had to try again before they were connected. */
  async triedAgain(): Promise<number> {
    return (await this.#all<DeviceCounts>("counts")).reduce((sum, { triedAgain }) => sum + triedAgain, 0);
  }

  /** Of each process. */
  strains(): Promise<Strain[]> {
    return this.#all<Strain>("strain");
  }

  #all<Answer>(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<Answer[]> {
    return Promise.all(this.#processes.map((each) => each.ask<Answer>(command, options)));
  }
}
