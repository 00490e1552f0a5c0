/** What is printed, and what it is judged by. */
import { quantile, slope } from "../statistics.js";
import type { Flooded, Memory } from "./actors.js";
import type { Churned, PerSession } from "./phases.js";
import type { Effort, Talk } from "./talk.js";

/** What a session may hold, and how much longer an echo may take under a flood. */
const MAX_BYTES_PER_SESSION = 14 * 1024;
const MAX_SLOWER = 4;
/** Processes that wait for a core for longer than this share of the time measure what else the machine does. */
const MAX_WAITED = 0.1;
/** Over an hour's 40,000 sessions that is 1.3 MB: one that was not let go of would be 9,000 bytes or more each. */
const MAX_GROWTH_PER_SESSION = 32;

/** Growth over fewer sessions is that of compiled code. */
const MIN_TO_TELL = 10_000;

export type Losses = Readonly<Record<string, number>>;

/** `sure`: false where something else than the gateway made the figure. */
function verdict(what: string, figure: string, goal: string, met: boolean, sure = true): void {
  const word = met ? "met" : "MISSED";
  console.log(`${sure ? word.padEnd(6) : "unsure"}  ${what}: ${figure} (goal: ${goal})`);
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const ms = (microseconds: readonly number[], share: number): number => quantile(microseconds, share) / 1000;

export function tellMemory(what: string, { held, rss, whole }: PerSession): void {
  const process = `${(whole / 2 ** 20).toFixed(0)} MiB of RSS in all`;
  console.log(`  ${what}: ${kib(held)} of heap and buffers, ${kib(rss)} of RSS each; ${process}`);
}

/** With few sessions RSS says more of the process than of them: then it is shown, and not judged. */
export function judgeMemory(carrier: string, { held, rss }: Memory, judgeRss: boolean): void {
  const most = judgeRss ? Math.max(held, rss) : held;
  const figure = `${kib(held)} of heap and buffers, ${kib(rss)} of RSS`;
  verdict(`memory per idle session over ${carrier}`, figure, "at most 14 KiB", most <= MAX_BYTES_PER_SESSION);
}

export function tellTalk(what: string, { echoes, lostAtGateway, lostAtDevices, refused, efforts, errors }: Talk): void {
  console.log(`${what}:`);
  for (const carrier of ["tcp", "udp"] as const) {
    const { sent, skipped, missing, microseconds } = echoes[carrier];
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => ms(microseconds, share).toFixed(2));
    console.log(
      `  ${carrier}: ${sent} echoes, p50 ${p50} ms, p99 ${p99} ms, p99.9 ${p999} ms; ` +
        `${missing} missing, ${skipped} not sent because the last one was out`,
    );
  }
  console.log(`  sessions lost: ${lostAtGateway} at the gateway, ${lostAtDevices} at the devices; ${refused} refused`);
  for (const [who, effort] of Object.entries(efforts)) tellEffort(who, effort);
  for (const error of errors) console.log(`  the gateway's "error": ${error}`);
}

function tellEffort(who: string, { cpu, waited, gc, longestGcMs, longestStallMs }: Effort): void {
  console.log(
    `  ${who}: ${percent(cpu)} of a core, waited for one ${percent(waited)} of the time, ` +
      `collected garbage ${percent(gc)}, ${longestGcMs.toFixed(0)} ms at the longest; ` +
      `its event loop stood still for up to ${longestStallMs.toFixed(0)} ms`,
  );
}

export function tellFlood({ total, seconds, heldBack, began }: Flooded): void {
  const rate = `${((total - heldBack) / seconds).toFixed(0)} bad handshakes a second for ${seconds.toFixed(0)} s`;
  const kinds = Object.entries(began).map(([kind, count]) => `${count} ${kind}`);
  console.log(`  ${rate}, ${heldBack} held back: ${kinds.join("; ")}`);
}

export function judgeTalk(quiet: Talk, flood: Talk, losses: Losses): void {
  const said = Object.entries(losses).map(([what, count]) => `${count} ${what}`);
  verdict("sessions lost", said.length === 0 ? "0" : said.join(", "), "none", said.length === 0);
  const waited = Math.max(...[quiet, flood].flatMap(({ efforts }) => [efforts.gateway.waited, efforts.devices.waited]));
  const sure = waited <= MAX_WAITED;
  if (!sure) {
    console.log(
      `The echoes say little: the machine was so busy that processes waited for a core ${percent(waited)} of the time`,
    );
  }
  for (const carrier of ["tcp", "udp"] as const) {
    const before = ms(quiet.echoes[carrier].microseconds, 0.99);
    const during = ms(flood.echoes[carrier].microseconds, 0.99);
    const times = during / before;
    const figure = `${during.toFixed(2)} ms for ${before.toFixed(2)} ms, ${times.toFixed(2)} times as long`;
    verdict(`p99 echo over ${carrier} in the flood`, figure, `under ${MAX_SLOWER} times`, times < MAX_SLOWER, sure);
  }
}

/** A visit makes two sessions at most, where the device comes back before it had left. */
const SESSIONS_PER_VISIT = 2;

/** `devices`: before each of them was there once, the gateway's tables are still getting to know them. */
export function judgeChurn({ points, failed, triedAgain, seconds }: Churned, devices: number): void {
  const known = points.filter(({ sessions }) => sessions >= SESSIONS_PER_VISIT * devices);
  const growth = slope(known.map(({ sessions, held }) => ({ x: sessions, y: held })));
  const [first = 0, last = 0] = [known[0]?.sessions, known.at(-1)?.sessions];
  const visits = Object.entries(failed).map(([code, count]) => `${count} ${code}`);
  console.log(
    `  ${last} sessions in ${seconds.toFixed(0)} s; visits that failed: ${visits.join(", ") || "none"}; tried again: ${triedAgain}`,
  );
  const figure = `${growth.toFixed(1)} bytes a session from the ${first}th to the ${last}th`;
  if (last - first < MIN_TO_TELL) {
    console.log(`  ${figure}: too few to judge, as V8 still compiles`);
    return;
  }
  const goal = `flat: under ${MAX_GROWTH_PER_SESSION} bytes a session`;
  verdict("growth in churn", figure, goal, growth < MAX_GROWTH_PER_SESSION);
}
