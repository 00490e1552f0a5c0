/** What happens, in order; each phase gives back what it measured. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Actor, Carrier, DeviceCounts, Echoes, Flooded, GatewayCounts, Memory, Stage } from "./actors.js";

const PSK = "the key of the benchmark";

/** Connected before memory is first measured, so that what is loaded and compiled once is not counted as the sessions'. */
const WARM_UP_SESSIONS = 200;
/** The flood has reached what it amounts to: as many handshakes end as begin. */
const FLOOD_RAMP_MS = 12_000;
const SETTLE_LIMIT_MS = 30_000;

export interface Plan {
  readonly tcpSessions: number;
  readonly udpSessions: number;
  readonly connectsPerSecond: number;
  readonly phaseMs: number;
  readonly everyMs: number;
  readonly floodPerSecond: number;
  readonly churnDevices: number;
  readonly churnRounds: number;
  readonly churnVisits: number;
  readonly churnPerSecond: number;
}

/** Devices of one carrier, in one or more processes. */
export class Crowd {
  readonly carrier: Carrier;
  readonly #processes: readonly Actor[];

  private constructor(carrier: Carrier, processes: readonly Actor[]) {
    this.carrier = carrier;
    this.#processes = processes;
  }

  static async start(stage: Stage, carrier: Carrier, port: number, processes: number, first: number): Promise<Crowd> {
    const started = Array.from({ length: processes }, (_, index) =>
      stage.start("devices.mjs", [], PSK, carrier, port, first + index * 100_000),
    );
    await Promise.all(started.map((each) => each.ready("ready")));
    return new Crowd(carrier, started);
  }

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

  async lost(): Promise<Readonly<Record<string, number>>> {
    const lost: Record<string, number> = {};
    for (const each of await this.#all<DeviceCounts>("counts")) {
      for (const [code, count] of Object.entries(each.lost)) lost[code] = (lost[code] ?? 0) + count;
    }
    return lost;
  }

  #all<Answer>(command: string, options: Readonly<Record<string, unknown>> = {}): Promise<Answer[]> {
    return Promise.all(this.#processes.map((each) => each.ask<Answer>(command, options)));
  }
}

export interface Gateway {
  readonly process: Actor;
  readonly tcp: number;
  readonly udp: number;
}

export async function startGateway(stage: Stage, script = "gateway.mjs"): Promise<Gateway> {
  const started = stage.start(script, ["--expose-gc"], PSK);
  const { tcp, udp } = await started.ready("listening");
  return { process: started, tcp: Number(tcp), udp: Number(udp) };
}

/** Bytes that each of `sessions` adds to the gateway. */
export async function connectMeasured(
  gateway: Gateway,
  crowd: Crowd,
  sessions: number,
  perSecond: number,
): Promise<Memory> {
  const there = await live(gateway);
  await crowd.connect(WARM_UP_SESSIONS, perSecond);
  await untilLive(gateway, there + WARM_UP_SESSIONS);
  const before = await gateway.process.ask<Memory>("memory");
  await crowd.connect(sessions - WARM_UP_SESSIONS, perSecond);
  await untilLive(gateway, there + sessions);
  const after = await gateway.process.ask<Memory>("memory");
  const each = (of: (memory: Memory) => number): number => (of(after) - of(before)) / (sessions - WARM_UP_SESSIONS);
  return { rss: each(({ rss }) => rss), held: each(({ held }) => held) };
}

export interface Talk {
  readonly echoes: Readonly<Record<"tcp" | "udp", Echoes>>;
  /** Sessions that ended during it, as the gateway and as the devices saw it. */
  readonly lostAtGateway: number;
  readonly lostAtDevices: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly gatewayCpu: number;
  readonly errors: readonly string[];
}

/** All the devices talk, each once in `everyMs`. */
export async function talk(gateway: Gateway, tcp: Crowd, udp: Crowd, plan: Plan): Promise<Talk> {
  const before = await gateway.process.ask<GatewayCounts>("counts");
  const start = performance.now();
  const [overTcp, overUdp] = await Promise.all([
    tcp.echo(plan.phaseMs, plan.everyMs),
    udp.echo(plan.phaseMs, plan.everyMs),
  ]);
  const after = await gateway.process.ask<GatewayCounts>("counts");
  const elapsedMs = performance.now() - start;
  const ended = ({ established, live }: GatewayCounts): number => established - live;
  const [lostTcp, lostUdp] = await Promise.all([tcp.lost(), udp.lost()]);
  return {
    echoes: { tcp: overTcp, udp: overUdp },
    lostAtGateway: ended(after) - ended(before),
    lostAtDevices: Object.fromEntries([
      ...Object.entries(lostTcp).map(([code, count]) => [`tcp ${code}`, count] as const),
      ...Object.entries(lostUdp).map(([code, count]) => [`udp ${code}`, count] as const),
    ]),
    refused: after.refused - before.refused,
    gatewayCpu: (after.cpuMs - before.cpuMs) / elapsedMs,
    errors: after.errors,
  };
}

/** The same while somebody floods the gateway with handshakes that come to nothing. */
export async function talkDuringFlood(
  stage: Stage,
  gateway: Gateway,
  tcp: Crowd,
  udp: Crowd,
  plan: Plan,
): Promise<Talk & { readonly flooded: Flooded }> {
  const flood = stage.start("flood.ts", ["--import", "tsx"], gateway.tcp, gateway.udp);
  await flood.ready("ready");
  await flood.ask("start", { perSecond: plan.floodPerSecond, mostMs: FLOOD_RAMP_MS + plan.phaseMs + 60_000 });
  await sleep(FLOOD_RAMP_MS);
  const talked = await talk(gateway, tcp, udp, plan);
  return { ...talked, flooded: await flood.ask<Flooded>("stop") };
}

export interface ChurnPoint extends Memory {
  readonly sessions: number;
}

export interface Churned {
  readonly points: readonly ChurnPoint[];
  /** Visits that came to nothing, by the code of the reason. */
  readonly failed: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Devices come and go on a gateway of their own; what it holds is measured whenever all have left. */
export async function churn(stage: Stage, plan: Plan, tell: (line: string) => void): Promise<Churned> {
  const gateway = await startGateway(stage);
  const devices = stage.start("churn.mjs", [], PSK, gateway.tcp, gateway.udp, plan.churnDevices);
  await devices.ready("ready");
  const points: ChurnPoint[] = [];
  let sessions = 0;
  let failed: Readonly<Record<string, number>> = {};
  const start = performance.now();
  for (let round = 0; round < plan.churnRounds; round++) {
    const options = { count: plan.churnVisits, perSecond: plan.churnPerSecond };
    const done = await devices.ask<{ sessions: number; failed: Readonly<Record<string, number>> }>("round", options);
    sessions += done.sessions;
    failed = done.failed;
    await untilLive(gateway, 0);
    const { rss, held } = await gateway.process.ask<Memory>("memory");
    points.push({ sessions, rss, held });
    tell(
      `  after ${sessions} sessions: ${(held / 2 ** 20).toFixed(2)} MiB held, RSS ${(rss / 2 ** 20).toFixed(1)} MiB`,
    );
  }
  return { points, failed, seconds: (performance.now() - start) / 1000 };
}

async function live(gateway: Gateway): Promise<number> {
  return (await gateway.process.ask<{ live: number }>("counts")).live;
}

/** The gateway hears of the last ones a moment after the devices do. */
async function untilLive(gateway: Gateway, wanted: number): Promise<void> {
  const until = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const now = await live(gateway);
    if (now === wanted) return;
    if (performance.now() > until) throw new Error(`the gateway has ${now} sessions where ${wanted} belong`);
    await sleep(50);
  }
}
