/** What else this machine does: a bench beside other work measures that as well. */
import { cpus, type CpuInfo } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const SAMPLE_MS = 150;
/** A moment this quiet is waited for. */
const QUIET = 0.1;
const PATIENCE_MS = 3_000;

/** The share of all cores that was not idle between two readings. */
export function busyShare(before: readonly Pick<CpuInfo, "times">[], after: readonly Pick<CpuInfo, "times">[]): number {
  const total = (read: readonly Pick<CpuInfo, "times">[]): { readonly busy: number; readonly all: number } => {
    const idle = sum(read.map(({ times }) => times.idle));
    const all = sum(read.flatMap(({ times }) => Object.values(times)));
    return { busy: all - idle, all };
  };
  const [from, to] = [total(before), total(after)];
  return to.all === from.all ? 0 : (to.busy - from.busy) / (to.all - from.all);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Whether others take so little that it does not count. */
export function isQuiet(share: number): boolean {
  return share <= QUIET;
}

/** How busy the machine is while the bench does nothing. */
export async function othersShare(): Promise<number> {
  const before = cpus();
  await sleep(SAMPLE_MS);
  return busyShare(before, cpus());
}

/** Waits for others to finish, for a while; resolves with what they still take. */
export async function quietMoment(): Promise<number> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const share = await othersShare();
    if (isQuiet(share) || performance.now() > until) return share;
  }
}

/** For the report. */
export function tellOthers(shares: readonly number[]): string {
  const most = Math.max(0, ...shares);
  const percent = `${(most * 100).toFixed(0)} %`;
  if (isQuiet(most)) return `between the comparisons others took at most ${percent} of the machine`;
  return `UNSURE: between the comparisons others took up to ${percent} of the machine; run it where nothing else runs`;
}
