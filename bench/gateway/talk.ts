/** What a phase of talking came to. */
import type { Echoes, Strain } from "./actors.js";

/** What some process did in a phase. */
export type Effort = Readonly<Record<"cpu" | "waited" | "gc" | "longestGcMs" | "longestStallMs", number>>;

export interface Talk {
  readonly echoes: Readonly<Record<"tcp" | "udp", Echoes>>;
  /** Sessions that ended during it, as the gateway and as the devices saw it. */
  readonly lostAtGateway: number;
  readonly lostAtDevices: number;
  readonly refused: number;
  readonly efforts: Readonly<Record<"gateway" | "devices", Effort>>;
  readonly errors: readonly string[];
}

/** What a process did between two looks at it. */
export function effort(before: Strain, after: Strain, elapsedMs: number): Effort {
  return {
    cpu: (after.cpuMs - before.cpuMs) / elapsedMs,
    waited: (after.waitedMs - before.waitedMs) / elapsedMs,
    gc: (after.gcMs - before.gcMs) / elapsedMs,
    longestGcMs: after.longestGcMs,
    longestStallMs: after.longestStallMs,
  };
}

/** The sum of the work; of what was waited, and of pauses, that of the process that fared worst. */
export function worse(a: Strain, b: Strain): Strain {
  return {
    cpuMs: a.cpuMs + b.cpuMs,
    waitedMs: Math.max(a.waitedMs, b.waitedMs),
    gcMs: Math.max(a.gcMs, b.gcMs),
    longestGcMs: Math.max(a.longestGcMs, b.longestGcMs),
    longestStallMs: Math.max(a.longestStallMs, b.longestStallMs),
  };
}

/** Several talks as one. */
export function joined(talks: readonly Talk[]): Talk {
  const sum = (of: (talk: Talk) => number): number => talks.reduce((total, each) => total + of(each), 0);
  const echoes = (carrier: "tcp" | "udp"): Echoes => ({
    sent: sum((each) => each.echoes[carrier].sent),
    skipped: sum((each) => each.echoes[carrier].skipped),
    missing: sum((each) => each.echoes[carrier].missing),
    microseconds: talks.flatMap((each) => each.echoes[carrier].microseconds),
  });
  const efforts = (who: "gateway" | "devices"): Effort => ({
    cpu: sum((each) => each.efforts[who].cpu) / talks.length,
    waited: sum((each) => each.efforts[who].waited) / talks.length,
    gc: sum((each) => each.efforts[who].gc) / talks.length,
    longestGcMs: Math.max(...talks.map((each) => each.efforts[who].longestGcMs)),
    longestStallMs: Math.max(...talks.map((each) => each.efforts[who].longestStallMs)),
  });
  return {
    echoes: { tcp: echoes("tcp"), udp: echoes("udp") },
    lostAtGateway: sum((each) => each.lostAtGateway),
    lostAtDevices: sum((each) => each.lostAtDevices),
    refused: sum((each) => each.refused),
    efforts: { gateway: efforts("gateway"), devices: efforts("devices") },
    errors: talks.at(-1)?.errors ?? [],
  };
}
