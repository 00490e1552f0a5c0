/**
 * A gateway with 12,000 devices, on this machine alone: `npm run build && npm run bench:gateway`, about nine minutes.
 *
 * Gateway, devices and attacker are processes of their own, over loopback; gateway and devices run the built package. The exit code is 1
 * if a session was lost or a device could not connect, never because something was slow. `--quick` has a few hundred devices.
 */
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { PeerProcess, type Report } from "../../spec/support/python-peer.js";
import { checkBuild, describeMachine, othersPercent } from "../machine.js";
import { quantile } from "../statistics.js";

const FULL = {
  /** Devices over TCP, in two processes, and over UDP, in one. */
  tcp: 10_000,
  udp: 2_000,
  phaseMs: 30_000,
  /** How often each device sends, one phase for each. */
  loadsMs: [60_000, 10_000, 3_000],
  /** Quiet and flooded phases, in turns, so that a busy machine slows both. */
  turns: 2,
  floodPerSecond: 1_000,
  /** Devices that come and go, and how often they come between two looks at the memory. */
  known: 12_000,
  visits: 4_000,
  looks: 8,
};
const QUICK = { ...FULL, tcp: 500, udp: 300, phaseMs: 6_000, turns: 1, known: 500, visits: 500, looks: 4 };

const TCP_PROCESSES = 2;
/** Connected before memory is first read, so that what is loaded and compiled once is not counted. */
const WARM_UP_SESSIONS = 200;
/** By then as many handshakes of the flood end as begin; afterwards the gateway has given up the last ones. */
const FLOOD_RAMP_MS = 12_000;
const FLOOD_REST_MS = 16_000;
const FLOODED_EVERY_MS = 10_000;
/** If a BYE gets lost over UDP, the gateway notices after its session timeout, 60 s. */
const SETTLE_LIMIT_MS = 90_000;
/** V8 enlarges its space for new objects while it works: it begins at its full size, or the first sessions would seem to need it. */
const GATEWAY_OPTIONS = ["--expose-gc", "--min-semi-space-size=16"];

const PSK = "the key of the benchmark";
const LIMIT_MS = 300_000;
const RAISE_FILES = `ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"`;
/** Files of a process beyond its sessions: handshakes of the flood, and its own. */
const MORE_FILES = 3_000;

interface Memory {
  readonly rss: number;
  readonly held: number;
}

interface Echoes {
  readonly sent: number;
  readonly missing: number;
  readonly microseconds: readonly number[];
}

const processes: PeerProcess[] = [];

function start(script: string, nodeOptions: readonly string[], ...args: readonly (string | number)[]): PeerProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const words = [process.execPath, ...nodeOptions, path, ...args.map(String)];
  const started = new PeerProcess("sh", "-c", `${RAISE_FILES}; exec "$0" "$@"`, ...words);
  processes.push(started);
  return started;
}

async function stopAll(): Promise<void> {
  await Promise.all(processes.splice(0).map((each) => each.stop()));
}

async function ask<Answer>(process: PeerProcess, command: string, options: Report = {}): Promise<Answer> {
  return (await process.command(command, options, LIMIT_MS)) as Answer;
}

class Gateway {
  readonly process: PeerProcess;
  readonly ports: { readonly tcp: number; readonly udp: number };

  private constructor(process: PeerProcess, { tcp, udp }: Report) {
    this.process = process;
    this.ports = { tcp: Number(tcp), udp: Number(udp) };
  }

  static async start(): Promise<Gateway> {
    const process = start("gateway.mjs", GATEWAY_OPTIONS, PSK);
    return new Gateway(process, await process.next("listening", LIMIT_MS));
  }

  counts(): Promise<Record<"live" | "established" | "silent" | "refused", number>> {
    return ask(this.process, "counts");
  }

  /** The gateway hears of the last devices a moment after they came or left. */
  async untilLive(wanted: number): Promise<void> {
    const until = performance.now() + SETTLE_LIMIT_MS;
    for (;;) {
      const { live } = await this.counts();
      if (live === wanted) return;
      if (performance.now() > until) throw new Error(`the gateway has ${live} sessions instead of ${wanted}`);
      await sleep(50);
    }
  }

  memory(): Promise<Memory> {
    return ask(this.process, "memory");
  }
}

/** Processes full of devices. */
class Crowd {
  readonly #processes: readonly PeerProcess[];
  static #started = 0;

  private constructor(started: readonly PeerProcess[]) {
    this.#processes = started;
  }

  static async start(gateway: Gateway, carrier: "tcp" | "udp", count: number): Promise<Crowd> {
    const started = Array.from({ length: count }, () =>
      start("devices.mjs", [], PSK, carrier, gateway.ports[carrier], Crowd.#started++),
    );
    await Promise.all(started.map((each) => each.next("ready", LIMIT_MS)));
    return new Crowd(started);
  }

  async connect(count: number): Promise<void> {
    await this.all("connect", { count: Math.round(count / this.#processes.length) });
  }

  all<Answer>(command: string, options: Report = {}): Promise<Answer[]> {
    return Promise.all(this.#processes.map((each) => ask<Answer>(each, command, options)));
  }
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** What each of `sessions` adds to the gateway. */
async function connectMeasured(gateway: Gateway, crowd: Crowd, name: string, sessions: number): Promise<void> {
  const { live } = await gateway.counts();
  await crowd.connect(WARM_UP_SESSIONS);
  await crowd.all("echo", { ms: 4_000, everyMs: 40 });
  await gateway.untilLive(live + WARM_UP_SESSIONS);
  const before = await gateway.memory();
  await crowd.connect(sessions - WARM_UP_SESSIONS);
  await gateway.untilLive(live + sessions);
  const after = await gateway.memory();
  const each = (to: number, from: number): string => kib((to - from) / (sessions - WARM_UP_SESSIONS));
  console.log(
    `${sessions} sessions over ${name}: ${each(after.held, before.held)} of heap and buffers each, ` +
      `${each(after.rss, before.rss)} of RSS each; the process has ${mib(after.rss)}`,
  );
}

interface Talk {
  readonly tcp: Echoes;
  readonly udp: Echoes;
  /** The gateway's processor time, as a share of one core. */
  readonly cpu: number;
}

/** Every device sends once in `everyMs`. */
async function talk(gateway: Gateway, tcp: Crowd, udp: Crowd, everyMs: number): Promise<Talk> {
  const options = { ms: plan.phaseMs, everyMs };
  const cpu = async (): Promise<number> => (await ask<{ cpu: number }>(gateway.process, "cpu")).cpu;
  const [cpuBefore, start] = [await cpu(), performance.now()];
  const [overTcp, overUdp] = await Promise.all([tcp.all<Echoes>("echo", options), udp.all<Echoes>("echo", options)]);
  const share = ((await cpu()) - cpuBefore) / 1000 / (performance.now() - start);
  return { tcp: joined(overTcp), udp: joined(overUdp), cpu: share };
}

function joined(echoes: readonly Echoes[]): Echoes {
  const sum = (of: (each: Echoes) => number): number => echoes.reduce((total, each) => total + of(each), 0);
  return {
    sent: sum(({ sent }) => sent),
    missing: sum(({ missing }) => missing),
    microseconds: echoes.flatMap(({ microseconds }) => microseconds),
  };
}

function describeTalk(name: string, talks: readonly Talk[]): string {
  const cpu = talks.reduce((sum, each) => sum + each.cpu, 0) / talks.length;
  const lines = (["tcp", "udp"] as const).map((carrier) => {
    const { sent, missing, microseconds } = joined(talks.map((each) => each[carrier]));
    const [p50, p99] = [0.5, 0.99].map((share) => (quantile(microseconds, share) / 1000).toFixed(2));
    return `  ${carrier}: ${sent} echoes, ${missing} missing, p50 ${p50} ms, p99 ${p99} ms`;
  });
  return [`${name}: the gateway takes ${(100 * cpu).toFixed(0)} % of a core`, ...lines].join("\n");
}

/** The same while somebody begins handshakes that come to nothing. */
async function talkFlooded(gateway: Gateway, tcp: Crowd, udp: Crowd): Promise<Talk> {
  const flood = start("flood.ts", ["--import", "tsx"], gateway.ports.tcp, gateway.ports.udp);
  await flood.next("ready", LIMIT_MS);
  await ask(flood, "start", { perSecond: plan.floodPerSecond, mostMs: FLOOD_RAMP_MS + plan.phaseMs + 60_000 });
  await sleep(FLOOD_RAMP_MS);
  const talked = await talk(gateway, tcp, udp, FLOODED_EVERY_MS);
  const { total, seconds } = await ask<{ total: number; seconds: number }>(flood, "stop");
  console.log(`  (${(total / seconds).toFixed(0)} bad handshakes a second)`);
  await sleep(FLOOD_REST_MS);
  return talked;
}

/** Whether no session was lost and no echo is missing. */
async function manyDevices(): Promise<boolean> {
  const gateway = await Gateway.start();
  const udp = await Crowd.start(gateway, "udp", 1);
  await connectMeasured(gateway, udp, "UDP", plan.udp);
  const tcp = await Crowd.start(gateway, "tcp", TCP_PROCESSES);
  await connectMeasured(gateway, tcp, "TCP", plan.tcp);
  const connected = await gateway.counts();

  const talks: Talk[] = [];
  for (const everyMs of plan.loadsMs) {
    const talked = await talk(gateway, tcp, udp, everyMs);
    console.log(describeTalk(`each device sends every ${everyMs / 1000} s`, [talked]));
    talks.push(talked);
  }
  const [quiet, flooded]: [Talk[], Talk[]] = [[], []];
  for (let turn = 0; turn < plan.turns; turn++) {
    quiet.push(await talk(gateway, tcp, udp, FLOODED_EVERY_MS));
    flooded.push(await talkFlooded(gateway, tcp, udp));
  }
  console.log(describeTalk(`every ${FLOODED_EVERY_MS / 1000} s, quiet`, quiet));
  console.log(describeTalk("the same, flooded", flooded));

  const now = await gateway.counts();
  const lost = [...(await tcp.all("counts")), ...(await udp.all("counts"))] as { lost: Record<string, number> }[];
  const codes = lost.flatMap((each) => Object.entries(each.lost).map(([code, count]) => `${count} ${code}`));
  const missing = [...talks, ...quiet, ...flooded].reduce((sum, each) => sum + each.tcp.missing + each.udp.missing, 0);
  console.log(
    `sessions lost: ${codes.join(", ") || "none"}; the gateway has ${now.live} of ${connected.live}, began ` +
      `${now.established - connected.established} more, refused ${now.refused}`,
  );
  return codes.length === 0 && now.live === connected.live && missing === 0;
}

/** Devices come and go; what the gateway holds is read whenever all have left. Whether all visits went well. */
async function churn(): Promise<boolean> {
  const gateway = await Gateway.start();
  const crowds = [await Crowd.start(gateway, "tcp", 1), await Crowd.start(gateway, "udp", 1)];
  let sessions = 0;
  const failures: string[] = [];
  for (let look = 0; look < plan.looks; look++) {
    for (const [index, crowd] of crowds.entries()) {
      // Every fourth visitor speaks UDP.
      const share = index === 0 ? 0.75 : 0.25;
      const options = { count: plan.visits * share, known: plan.known * share };
      const [done] = await crowd.all<{ sessions: number; failed: Record<string, number> }>("visits", options);
      sessions += done?.sessions ?? 0;
      for (const [code, times] of Object.entries(done?.failed ?? {})) failures.push(`${times} ${code}`);
    }
    await gateway.untilLive(0);
    const { held, rss } = await gateway.memory();
    console.log(
      `  after ${sessions} sessions that came and went: ${mib(held)} of heap and buffers, ${mib(rss)} of RSS`,
    );
  }
  console.log(`visits that failed: ${failures.join(", ") || "none"}`);
  return failures.length === 0;
}

function checkFiles(): void {
  const said = execFileSync("sh", ["-c", `${RAISE_FILES}; ulimit -n`], { encoding: "utf8", stdio: "pipe" }).trim();
  const [allowed, wanted] = [said === "unlimited" ? Infinity : Number(said), plan.tcp + MORE_FILES];
  if (allowed >= wanted) return;
  throw new Error(`a process may open ${allowed} files and needs ${wanted}: raise the hard limit, or use --quick`);
}

const { quick = false } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const plan = quick ? QUICK : FULL;
checkBuild();
checkFiles();
console.log(await describeMachine(await othersPercent()));
try {
  const results = [await manyDevices()];
  await stopAll();
  results.push(await churn());
  if (results.includes(false)) process.exitCode = 1;
} finally {
  await stopAll();
}
