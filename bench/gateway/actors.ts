/** The processes of the bench, and what they are asked. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { PeerProcess, type Report } from "../../spec/support/python-peer.js";

export type Carrier = "tcp" | "udp" | "plain";

/** The most that a process needs: its sessions, and the flood's handshakes that wait for their end. */
const FILES_WANTED = 65_536;
const RAISE_FILES = `ulimit -n ${FILES_WANTED} 2>/dev/null || ulimit -n "$(ulimit -Hn)"`;

/** Linux shares its processors between sessions: in one of its own each process gets its part, also beside a busy terminal. */
const RUN_APART = 'exec $(command -v setsid) "$0" "$@"';

/** Connecting thousands takes a while; a process that does not answer for this long hangs. */
const LIMIT_MS = 300_000;

/** How many files each process may have open. */
export function filesAllowed(): number {
  const said = execFileSync("sh", ["-c", `${RAISE_FILES}; ulimit -n`], { encoding: "utf8", stdio: "pipe" }).trim();
  return said === "unlimited" ? Infinity : Number(said);
}

export interface Memory {
  readonly rss: number;
  /** V8's heap in use, and what is outside of it. */
  readonly held: number;
}

export interface GatewayCounts {
  readonly live: number;
  readonly established: number;
  readonly silent: number;
  readonly refused: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** Milliseconds since the process began, but the longest pauses, which are since it was last asked. */
export interface Strain {
  readonly cpuMs: number;
  readonly waitedMs: number;
  readonly gcMs: number;
  readonly longestGcMs: number;
  readonly longestStallMs: number;
}

export interface Echoes {
  readonly sent: number;
  /** Sendings left out because the last echo was still out. */
  readonly skipped: number;
  readonly missing: number;
  readonly microseconds: readonly number[];
}

export interface DeviceCounts {
  readonly live: number;
  /** Sessions that ended without having been told to, by the code of the reason. */
  readonly lost: Readonly<Record<string, number>>;
  /** How often a device had to try again before it was connected. */
  readonly triedAgain: number;
}

export interface Flooded {
  readonly seconds: number;
  readonly total: number;
  readonly heldBack: number;
  readonly began: Readonly<Record<string, number>>;
}

/** Starts processes, and ends them all. */
export class Stage {
  readonly #processes: PeerProcess[] = [];

  start(script: string, nodeOptions: readonly string[], ...args: readonly (string | number)[]): Actor {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const words = [process.execPath, ...nodeOptions, path, ...args.map(String)];
    const started = new PeerProcess("sh", "-c", `${RAISE_FILES}; ${RUN_APART}`, ...words);
    this.#processes.push(started);
    return new Actor(started);
  }

  async clear(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((each) => each.stop()));
  }
}

export class Actor {
  readonly #process: PeerProcess;

  constructor(started: PeerProcess) {
    this.#process = started;
  }

  /** Waits for it to be ready, and gives what it says then. */
  async ready(event: string): Promise<Report> {
    return this.#process.next(event, LIMIT_MS);
  }

  async ask<Answer>(command: string, options: Report = {}): Promise<Answer> {
    return (await this.#process.command(command, options, LIMIT_MS)) as Answer;
  }
}
