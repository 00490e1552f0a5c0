/**
 * This library and the public Python SDK side by side on this machine, over TCP and UDP: `npm run build && npm run bench`.
 *
 * Every end is a process of its own; ours run the built package. The stacks take turns, so that a busy machine slows both, and
 * the figures are medians over the rounds.
 *
 *     --quick     fewer and shorter rounds, for a glance
 *     --profile   CPU profiles of our processes into build/profiles
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { pythonWithSdk } from "../spec/support/python-environment.js";
import { checkBuild } from "./built.js";
import { Pair, type Carrier, type Cipher, type Stack } from "./pair.js";
import { quantile } from "./statistics.js";

const STACKS: readonly Stack[] = ["ours", "python"];

/** What a pair of processes is set up for. */
interface Setup {
  readonly carrier: Carrier;
  readonly cipher: Cipher;
}

const AES: Setup = { carrier: "tcp", cipher: "aes-256-gcm" };
const CHACHA: Setup = { carrier: "tcp", cipher: "chacha20-poly1305" };
const AES_UDP: Setup = { carrier: "udp", cipher: "aes-256-gcm" };

const FULL = { rounds: 7, oneWayMs: 700, echoMs: 500 };
const QUICK = { rounds: 3, oneWayMs: 200, echoMs: 200 };

/** For the first, rough measure, from which the length of a round follows; it also warms both ends up. */
const TRIAL_MESSAGES = 2_000;
const TRIAL_ECHOES = 300;

type Pairs = Readonly<Record<Stack, Pair>>;

/** One figure of one run of `pair`; a run may give more than one. */
interface Measurement {
  readonly setup: Setup;
  readonly rows: readonly Row[];
  /** About how many messages a second the pair manages. */
  readonly trial: (pair: Pair) => Promise<number>;
  readonly measure: (pair: Pair, messagesPerSecond: number) => Promise<number[]>;
}

interface Row {
  readonly title: string;
  readonly unit: string;
  readonly goal?: { readonly text: string; readonly met: (ratio: number) => boolean };
}

const options = parseArgs({ options: { quick: { type: "boolean" }, profile: { type: "boolean" } } }).values;
const plan = options.quick ? QUICK : FULL;

function oneWay(setup: Setup, size: number, leastRatio?: number): Measurement {
  const goal = leastRatio !== undefined && {
    text: `at least ${leastRatio}`,
    met: (ratio: number) => ratio >= leastRatio,
  };
  return {
    setup,
    rows: [{ title: `one way, ${size} bytes, ${nameOf(setup)}`, unit: "messages/s", ...(goal && { goal }) }],
    trial: (pair) => pair.oneWay(size, TRIAL_MESSAGES),
    measure: async (pair, rate) => [await pair.oneWay(size, Math.ceil((rate * plan.oneWayMs) / 1000))],
  };
}

function echo(setup: Setup, size: number, mostRatio?: number): Measurement {
  const goal = mostRatio !== undefined && { text: `at most ${mostRatio}`, met: (ratio: number) => ratio <= mostRatio };
  const title = (percentile: string): string => `echo ${percentile}, ${size} bytes, ${nameOf(setup)}`;
  return {
    setup,
    rows: [
      { title: title("p50"), unit: "us", ...(goal && { goal }) },
      { title: title("p99"), unit: "us" },
    ],
    trial: async (pair) => 1e6 / quantile(await pair.echo(size, TRIAL_ECHOES), 0.5),
    measure: async (pair, rate) => {
      const microseconds = await pair.echo(size, Math.ceil((rate * plan.echoMs) / 1000));
      return [quantile(microseconds, 0.5), quantile(microseconds, 0.99)];
    },
  };
}

const MEASUREMENTS: readonly Measurement[] = [
  oneWay(AES, 32, 5),
  oneWay(AES, 452, 20),
  echo(AES, 32, 0.45),
  oneWay(CHACHA, 32),
  oneWay(CHACHA, 452),
  echo(CHACHA, 32),
  oneWay(AES_UDP, 32, 2),
  oneWay(AES_UDP, 452),
  echo(AES_UDP, 32, 0.333),
];

function nameOf({ carrier, cipher }: Setup): string {
  return `${carrier}, ${cipher}`;
}

async function startPairs(started: Pair[]): Promise<Map<Setup, Pairs>> {
  const nodeOptions = options.profile ? ["--cpu-prof", "--cpu-prof-dir=build/profiles"] : [];
  const start = async (stack: Stack, { carrier, cipher }: Setup): Promise<Pair> => {
    const pair = await Pair.start(stack, carrier, cipher, nodeOptions);
    started.push(pair);
    return pair;
  };
  const pairs = new Map<Setup, Pairs>();
  for (const setup of [AES, CHACHA, AES_UDP]) {
    pairs.set(setup, { ours: await start("ours", setup), python: await start("python", setup) });
  }
  return pairs;
}

/** The results of every row, per stack and round. */
type Results = ReadonlyMap<Row, Readonly<Record<Stack, number[]>>>;

async function run(pairs: ReadonlyMap<Setup, Pairs>): Promise<Results> {
  const results = new Map<Row, Record<Stack, number[]>>();
  for (const { setup, rows, trial, measure } of MEASUREMENTS) {
    const stacks = pairs.get(setup) as Pairs;
    for (const row of rows) results.set(row, { ours: [], python: [] });
    const rates = { ours: 0, python: 0 };
    for (const stack of STACKS) {
      await trial(stacks[stack]);
      rates[stack] = await trial(stacks[stack]);
    }
    for (let round = 0; round < plan.rounds; round++) {
      // Neither stack always goes first.
      for (const stack of round % 2 === 0 ? STACKS : STACKS.toReversed()) {
        const figures = await measure(stacks[stack], rates[stack]);
        rows.forEach((row, index) => results.get(row)?.[stack].push(figures[index] ?? NaN));
      }
    }
  }
  return results;
}

function print(results: Results): void {
  const lines = [["", "ours", "Python", "unit", "ours/Python", "goal"]];
  for (const [{ title, unit, goal }, { ours, python }] of results) {
    const [us, them] = [quantile(ours, 0.5), quantile(python, 0.5)];
    const ratio = us / them;
    const verdict = goal === undefined ? "" : `${goal.text}: ${goal.met(ratio) ? "met" : "MISSED"}`;
    lines.push([title, us.toFixed(0), them.toFixed(0), unit, ratio.toFixed(2), verdict]);
  }
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of lines) {
    const cells = line.map((cell, column) => {
      const isNumber = column === 1 || column === 2 || column === 4;
      return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
    });
    console.log(cells.join("  ").trimEnd());
  }
}

checkBuild();
await pythonWithSdk();
const started: Pair[] = [];
try {
  const results = await run(await startPairs(started));
  print(results);
} finally {
  await Promise.all(started.map((pair) => pair.stop()));
}
const command = `npm run build && npm run bench${options.quick ? " -- --quick" : ""}`;
console.log(`\nMedians of ${plan.rounds} rounds in turns, on loopback. Repeat with: ${command}`);
console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}`);
