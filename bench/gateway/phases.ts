/** What happens, in order; each phase gives back what it measured. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Actor, Flooded, GatewayCounts, Memory, Stage, Strain } from "./actors.js";
import { PSK, type Crowd } from "./crowd.js";
import { effort, worse, type Talk } from "./talk.js";

/** Connected before memory is first measured, so that what is loaded and compiled once is not counted as the sessions'. */
const WARM_UP_SESSIONS = 200;
const WARM_UP = { ms: 4_000, everyMs: 40 };
/** The flood has reached what it amounts to: as many handshakes end as begin. */
const FLOOD_RAMP_MS = 12_000;
/** What is left of a flood is given up after 15 s, over UDP. */
const FLOOD_REST_MS = 16_000;
/** Where a BYE got lost over UDP the gateway notices after its session timeout, 60 s. */
const SETTLE_LIMIT_MS = 90_000;
/** V8 enlarges its young generation while it works: it begins at its full size, or a few sessions would seem to need all of it. */
const MEMORY_OPTIONS = ["--expose-gc", "--min-semi-space-size=16"];

export interface Plan {
  readonly tcpSessions: number;
  readonly udpSessions: number;
  readonly connectsPerSecond: number;
  /** Quiet and flood take turns, so that a machine that is busy with something else slows both. */
  readonly turns: number;
  readonly phaseMs: number;
  readonly everyMs: number;
  readonly floodPerSecond: number;
  readonly churnDevices: number;
  readonly churnRounds: number;
  readonly churnVisits: number;
  readonly churnPerSecond: number;
}

export interface Gateway {
  readonly process: Actor;
  readonly tcp: number;
  readonly udp: number;
}

export async function startGateway(stage: Stage, script = "gateway.mjs"): Promise<Gateway> {
  const started = stage.start(script, MEMORY_OPTIONS, PSK);
  const { tcp, udp } = await started.ready("listening");
  return { process: started, tcp: Number(tcp), udp: Number(udp) };
}

export interface PerSession extends Memory {
  /** RSS of the whole process when all were there. */
  readonly whole: number;
}

/** Bytes that each of `sessions` adds to the gateway. */
export async function connectMeasured(
  gateway: Gateway,
  crowd: Crowd,
  sessions: number,
  perSecond: number,
): Promise<PerSession> {
  const there = await live(gateway);
  await crowd.connect(WARM_UP_SESSIONS, perSecond);
  await untilLive(gateway, there + WARM_UP_SESSIONS);
  await crowd.echo(WARM_UP.ms, WARM_UP.everyMs);
  const before = await gateway.process.ask<Memory>("memory");
  await crowd.connect(sessions - WARM_UP_SESSIONS, perSecond).catch(async (cause: unknown) => {
    const counts = JSON.stringify(await gateway.process.ask("counts"));
    throw new Error(`a device could not connect; the gateway says ${counts}`, { cause });
  });
  await untilLive(gateway, there + sessions);
  const after = await gateway.process.ask<Memory>("memory");
  const each = (of: (memory: Memory) => number): number => (of(after) - of(before)) / (sessions - WARM_UP_SESSIONS);
  return { rss: each(({ rss }) => rss), held: each(({ held }) => held), whole: after.rss };
}

/** All the devices talk, each once in `everyMs`. */
export async function talk(gateway: Gateway, tcp: Crowd, udp: Crowd, plan: Plan): Promise<Talk> {
  const crowds = [tcp, udp];
  const look = async (): Promise<[GatewayCounts, number, Strain, Strain]> => [
    await gateway.process.ask<GatewayCounts>("counts"),
    (await Promise.all(crowds.map((each) => each.lost()))).flatMap(Object.values<number>).reduce((a, b) => a + b, 0),
    await gateway.process.ask<Strain>("strain"),
    (await Promise.all(crowds.map((each) => each.strains()))).flat().reduce(worse),
  ];
  const [before, lostBefore, gatewayBefore, devicesBefore] = await look();
  const start = performance.now();
  const [overTcp, overUdp] = await Promise.all([
    tcp.echo(plan.phaseMs, plan.everyMs),
    udp.echo(plan.phaseMs, plan.everyMs),
  ]);
  const elapsedMs = performance.now() - start;
  const [after, lostAfter, gatewayAfter, devicesAfter] = await look();
  const ended = ({ established, live }: GatewayCounts): number => established - live;
  return {
    echoes: { tcp: overTcp, udp: overUdp },
    lostAtGateway: ended(after) - ended(before),
    lostAtDevices: lostAfter - lostBefore,
    refused: after.refused - before.refused,
    efforts: {
      gateway: effort(gatewayBefore, gatewayAfter, elapsedMs),
      devices: effort(devicesBefore, devicesAfter, elapsedMs),
    },
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
  const flooded = await flood.ask<Flooded>("stop");
  await sleep(FLOOD_REST_MS);
  return { ...talked, flooded };
}

/** Sessions that ended though nobody ended them since `before`, as each side saw it; empty where there is none. */
export async function lossesSince(
  before: GatewayCounts,
  gateway: Gateway,
  crowds: readonly Crowd[],
): Promise<Readonly<Record<string, number>>> {
  const losses: Record<string, number> = {};
  for (const crowd of crowds) {
    for (const [code, count] of Object.entries(await crowd.lost())) losses[`${crowd.carrier} ${code}`] = count;
  }
  const { live, established, silent } = await gateway.process.ask<GatewayCounts>("counts");
  if (live !== before.live) losses["not there any more at the gateway"] = before.live - live;
  if (established !== before.established) losses["begun anew at the gateway"] = established - before.established;
  if (silent !== before.silent) losses["ended as silent by the gateway"] = silent - before.silent;
  return losses;
}

export interface ChurnPoint extends Memory {
  readonly sessions: number;
}

export interface Churned {
  readonly points: readonly ChurnPoint[];
  /** Visits that came to nothing, by the code of the reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** How often a device had to try again before it was connected. */
  readonly triedAgain: number;
  readonly seconds: number;
}

/** Of all rounds so far, but `sessions`. */
interface Round extends Pick<Churned, "failed" | "triedAgain"> {
  readonly sessions: number;
}

/** Devices come and go on a gateway of their own; what it holds is measured whenever all have left. */
export async function churn(stage: Stage, plan: Plan, tell: (line: string) => void): Promise<Churned> {
  const gateway = await startGateway(stage);
  const devices = stage.start("churn.mjs", [], PSK, gateway.tcp, gateway.udp, plan.churnDevices);
  await devices.ready("ready");
  const points: ChurnPoint[] = [];
  let sessions = 0;
  let failed: Readonly<Record<string, number>> = {};
  let triedAgain = 0;
  const start = performance.now();
  for (let round = 0; round < plan.churnRounds; round++) {
    const options = { count: plan.churnVisits, perSecond: plan.churnPerSecond };
    const done = await devices.ask<Round>("round", options);
    sessions += done.sessions;
    ({ failed, triedAgain } = done);
    await untilLive(gateway, 0);
    const { rss, held } = await gateway.process.ask<Memory>("memory");
    points.push({ sessions, rss, held });
    tell(
      `  after ${sessions} sessions: ${(held / 2 ** 20).toFixed(2)} MiB held, RSS ${(rss / 2 ** 20).toFixed(1)} MiB`,
    );
  }
  return { points, failed, triedAgain, seconds: (performance.now() - start) / 1000 };
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
