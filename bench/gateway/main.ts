/**
 * A gateway under load, on this machine alone: `npm run build && npm run bench:gateway`; docs/performance.md has its figures.
 *
 * Gateway, devices and attacker are processes of their own, over loopback; gateway and devices run the built package. It
 * takes about nine minutes. Exit code 1 where a session was lost, a device could not connect or a process crashed, never for
 * being slow.
 *
 *     --quick     a few hundred sessions and short phases, for a glance
 */
import { cpus, loadavg, release, totalmem } from "node:os";
import { parseArgs } from "node:util";

import { checkBuild } from "../built.js";
import { filesAllowed, Stage, type GatewayCounts } from "./actors.js";
import { Crowd } from "./crowd.js";
import { churn, connectMeasured, lossesSince, startGateway, talk, talkDuringFlood, type Plan } from "./phases.js";
import { judgeChurn, judgeMemory, judgeTalk, tellFlood, tellMemory, tellTalk } from "./report.js";
import { joined, type Talk } from "./talk.js";

const FULL: Plan = {
  tcpSessions: 10_000,
  udpSessions: 2_000,
  connectsPerSecond: 300,
  turns: 3,
  phaseMs: 30_000,
  everyMs: 10_000,
  floodPerSecond: 1_000,
  // An hour of devices that come back every twenty minutes.
  churnDevices: 12_000,
  churnRounds: 10,
  churnVisits: 3_000,
  churnPerSecond: 250,
};
const QUICK: Plan = {
  ...FULL,
  tcpSessions: 500,
  udpSessions: 300,
  turns: 1,
  phaseMs: 10_000,
  churnDevices: 500,
  churnRounds: 6,
  churnVisits: 500,
};

const TCP_PROCESSES = 2;
/** Handshakes of the flood that the gateway has not given up yet, and the process's own files. */
const FILES_BESIDE = 3_000;

function checkFiles(plan: Plan): void {
  const allowed = filesAllowed();
  const wanted = plan.tcpSessions + FILES_BESIDE;
  if (allowed >= wanted) return;
  const advice = "raise the hard limit (ulimit -Hn), or run with --quick";
  throw new Error(`a process may open ${allowed} files here and needs ${wanted}: ${advice}`);
}

/** Whether everything went well; how fast does not count. */
async function measure(stage: Stage, plan: Plan, quick: boolean): Promise<boolean> {
  console.log("Memory per idle session of the gateway's process:");
  const plainGateway = await startGateway(stage, "plain.mjs");
  const plainCrowd = await Crowd.start(stage, "plain", plainGateway.tcp, TCP_PROCESSES);
  const plain = await connectMeasured(plainGateway, plainCrowd, plan.tcpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.tcpSessions} plain sockets`, plain);
  await stage.clear();

  const gateway = await startGateway(stage);
  const udp = await Crowd.start(stage, "udp", gateway.udp, 1);
  const udpMemory = await connectMeasured(gateway, udp, plan.udpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.udpSessions} sessions over UDP`, udpMemory);
  const tcp = await Crowd.start(stage, "tcp", gateway.tcp, TCP_PROCESSES);
  const tcpMemory = await connectMeasured(gateway, tcp, plan.tcpSessions, plan.connectsPerSecond);
  tellMemory(`${plan.tcpSessions} sessions over TCP`, tcpMemory);
  judgeMemory("TCP", tcpMemory, !quick);
  judgeMemory("UDP", udpMemory, !quick);

  const connected = await gateway.process.ask<GatewayCounts>("counts");
  const again = (await tcp.triedAgain()) + (await udp.triedAgain());
  console.log(`  ${connected.live} sessions are there; devices had to try again ${again} times before they were`);
  const quietTurns: Talk[] = [];
  const floodTurns: Talk[] = [];
  for (let turn = 1; turn <= plan.turns; turn++) {
    quietTurns.push(await talk(gateway, tcp, udp, plan));
    const flood = await talkDuringFlood(stage, gateway, tcp, udp, plan);
    floodTurns.push(flood);
    console.log(`Turn ${turn}:`);
    tellFlood(flood.flooded);
  }
  const [quiet, flood] = [joined(quietTurns), joined(floodTurns)];
  tellTalk("Quiet", quiet);
  tellTalk("Flood", flood);
  const losses = await lossesSince(connected, gateway, [tcp, udp]);
  judgeTalk(quiet, flood, losses);
  await stage.clear();

  console.log("Churn, measured whenever all devices have left:");
  const churned = await churn(stage, plan, console.log);
  judgeChurn(churned, plan.churnDevices);
  const missing = [quiet, flood].some(({ echoes }) => echoes.tcp.missing + echoes.udp.missing > 0);
  return !missing && Object.keys(losses).length + Object.keys(churned.failed).length === 0;
}

const { quick = false } = parseArgs({ options: { quick: { type: "boolean" } } }).values;
const plan = quick ? QUICK : FULL;
checkBuild();
checkFiles(plan);
const stage = new Stage();
const startedAt = performance.now();
let wentWell: boolean;
try {
  wentWell = await measure(stage, plan, quick);
} finally {
  await stage.clear();
}
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
const command = `npm run build && npm run bench:gateway${quick ? " -- --quick" : ""}`;
console.log(`\n${minutes} minutes, on loopback. Repeat with: ${command}`);
const machine = `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
const load = loadavg()[1]?.toFixed(1) ?? "unknown";
console.log(
  `Node ${process.version}, ${process.platform} ${release()}, ${machine}; load of the last five minutes ${load}`,
);
if (!wentWell) {
  console.log("Something was lost: see above.");
  process.exitCode = 1;
}
