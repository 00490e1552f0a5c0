/**
 * A gateway under load, on this machine alone: `npm run build && npm run bench:gateway`; docs/performance.md has its figures.
 *
 * Gateway, devices and attacker are processes of their own, over loopback; gateway and devices run the built package. It
 * takes about seven minutes. Exit code 1 where a session was lost, a device could not connect, or a process crashed: never for being slow.
 *
 *     --quick     500 sessions and phases of 10 s, for a glance
 */
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";

import { checkBuild } from "../built.js";
import { quantile, slope } from "../statistics.js";
import { filesAllowed, Stage, type Memory } from "./actors.js";
import {
  churn,
  connectMeasured,
  Crowd,
  startGateway,
  talk,
  talkDuringFlood,
  type Churned,
  type Plan,
  type Talk,
} from "./phases.js";

const FULL: Plan = {
  tcpSessions: 10_000,
  udpSessions: 2_000,
  connectsPerSecond: 300,
  phaseMs: 60_000,
  everyMs: 10_000,
  floodPerSecond: 1_000,
  // An hour of them: each comes three times, or four.
  churnDevices: 12_000,
  churnRounds: 14,
  churnVisits: 3_000,
  churnPerSecond: 250,
};
const QUICK: Plan = {
  ...FULL,
  tcpSessions: 500,
  udpSessions: 300,
  phaseMs: 10_000,
  churnDevices: 1_000,
  churnRounds: 5,
  churnVisits: 500,
};

/** What a session may hold, and how much longer an echo may take under a flood. */
const MOST_BYTES_PER_SESSION = 14 * 1024;
const MOST_SLOWER = 4;
/** Churn counts as flat where what is held grows by less than this in a whole round's worth of 36,000 sessions: less than one byte in 30. */
const MOST_GROWTH_PER_SESSION = 32;
const TCP_PROCESSES = 2;
/** Handshakes of the flood that the gateway has not given up yet, and the process's own files. */
const FILES_BESIDE = 3_000;

const { quick = false } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const plan = quick ? QUICK : FULL;

let sessionsLost = false;

function verdict(what: string, figure: string, goal: string, met: boolean): void {
  console.log(`${met ? "met    " : "MISSED "} ${what}: ${figure} (goal: ${goal})`);
}

function checkFiles(): void {
  const allowed = filesAllowed();
  const wanted = plan.tcpSessions + FILES_BESIDE;
  if (allowed < wanted) {
    throw new Error(
      `a process may open ${allowed} files here and needs ${wanted}: raise the hard limit (ulimit -Hn), or run with --quick`,
    );
  }
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

function tellMemory(what: string, { held, rss }: Memory): void {
  console.log(`  ${what}: ${kib(held)} of heap and buffers, ${kib(rss)} of RSS`);
}

const ms = (microseconds: readonly number[], share: number): number => quantile(microseconds, share) / 1000;

function tellTalk(what: string, { echoes, lostAtGateway, lostAtDevices, refused, gatewayCpu, errors }: Talk): void {
  console.log(
    `${what}: the gateway used ${(gatewayCpu * 100).toFixed(0)} % of a core and refused ${refused} handshakes`,
  );
  for (const carrier of ["tcp", "udp"] as const) {
    const { sent, skipped, missing, microseconds } = echoes[carrier];
    const times = [0.5, 0.99, 0.999].map((share) => ms(microseconds, share).toFixed(2));
    console.log(
      `  ${carrier}: ${sent} echoes, p50 ${times[0]} ms, p99 ${times[1]} ms, p99.9 ${times[2]} ms; ${skipped} not sent because the last one was out, ${missing} missing`,
    );
    if (missing > 0) sessionsLost = true;
  }
  console.log(`  sessions lost: ${lostAtGateway} at the gateway, ${JSON.stringify(lostAtDevices)} at the devices`);
  if (lostAtGateway > 0 || Object.keys(lostAtDevices).length > 0) sessionsLost = true;
  for (const error of errors) console.log(`  the gateway's "error": ${error}`);
}

function judgeTalk(quiet: Talk, flooded: Talk): void {
  const lost = quiet.lostAtGateway + flooded.lostAtGateway;
  verdict("sessions lost", String(lost), "none", !sessionsLost);
  for (const carrier of ["tcp", "udp"] as const) {
    const before = ms(quiet.echoes[carrier].microseconds, 0.99);
    const during = ms(flooded.echoes[carrier].microseconds, 0.99);
    const figure = `${during.toFixed(2)} ms for ${before.toFixed(2)} ms without, ${(during / before).toFixed(1)} times as long`;
    verdict(
      `p99 echo over ${carrier} in the flood`,
      figure,
      `under ${MOST_SLOWER} times`,
      during < MOST_SLOWER * before,
    );
  }
}

function judgeChurn({ points, failed, seconds }: Churned): void {
  // Before every device was there once, the gateway may still be getting to know them.
  const known = points.filter(({ sessions }) => sessions >= plan.churnDevices);
  const growth = slope(known.map(({ sessions, held }) => ({ x: sessions, y: held })));
  const figure = `${growth.toFixed(1)} bytes a session over ${known.at(-1)!.sessions - known[0]!.sessions} sessions`;
  console.log(
    `  ${points.at(-1)!.sessions} sessions in ${seconds.toFixed(0)} s; visits that failed: ${JSON.stringify(failed)}`,
  );
  if (Object.keys(failed).length > 0) sessionsLost = true;
  verdict(
    "growth in churn",
    figure,
    `flat, under ${MOST_GROWTH_PER_SESSION} bytes a session`,
    growth < MOST_GROWTH_PER_SESSION,
  );
}

async function measure(stage: Stage): Promise<void> {
  console.log("Memory per idle session of the gateway's process:");
  const plainGateway = await startGateway(stage, "plain.mjs");
  const plainCrowd = await Crowd.start(stage, "plain", plainGateway.tcp, TCP_PROCESSES, 1_000_000);
  const plain = await connectMeasured(plainGateway, plainCrowd, plan.tcpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.tcpSessions} plain sockets`, plain);
  await stage.clear();

  const gateway = await startGateway(stage);
  const udp = await Crowd.start(stage, "udp", gateway.udp, 1, 500_000);
  const udpMemory = await connectMeasured(gateway, udp, plan.udpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.udpSessions} sessions over UDP`, udpMemory);
  const tcp = await Crowd.start(stage, "tcp", gateway.tcp, TCP_PROCESSES, 0);
  const tcpMemory = await connectMeasured(gateway, tcp, plan.tcpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.tcpSessions} sessions over TCP`, tcpMemory);
  for (const [carrier, { held, rss }] of [
    ["TCP", tcpMemory],
    ["UDP", udpMemory],
  ] as const) {
    const goal = "at most 14 KiB";
    verdict(
      `memory per idle session over ${carrier}`,
      `${kib(held)} held, ${kib(rss)} of RSS`,
      goal,
      Math.max(held, rss) <= MOST_BYTES_PER_SESSION,
    );
  }

  const quiet = await talk(gateway, tcp, udp, plan);
  tellTalk("Quiet", quiet);
  const flooded = await talkDuringFlood(stage, gateway, tcp, udp, plan);
  tellTalk("Flood", flooded);
  const { total, seconds, heldBack, began } = flooded.flooded;
  console.log(
    `  ${(total / seconds).toFixed(0)} bad handshakes a second for ${seconds.toFixed(0)} s, ${heldBack} held back: ${JSON.stringify(began)}`,
  );
  judgeTalk(quiet, flooded);
  await stage.clear();

  console.log("Churn, measured whenever all devices have left:");
  judgeChurn(await churn(stage, plan, console.log));
}

checkBuild();
checkFiles();
const stage = new Stage();
const startedAt = performance.now();
try {
  await measure(stage);
} finally {
  await stage.clear();
}
const command = `npm run build && npm run bench:gateway${quick ? " -- --quick" : ""}`;
console.log(`\n${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes, on loopback. Repeat with: ${command}`);
console.log(
  `Node ${process.version}, Linux ${release()}, ${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
if (sessionsLost) {
  console.log("Sessions were lost: see above.");
  process.exitCode = 1;
}
