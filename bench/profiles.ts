/** Where the library's processes spent their time, from the CPU profiles that Node wrote. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const PROFILES = "build/profiles";

export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** What a function, with its file, belongs to: the first that fits. */
const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["waiting", /^\(idle\)/],
  ["garbage collector", /^\(garbage collector\)/],
  [
    "start of the process",
    /internal\/(modules|bootstrap|process\/(pre_execution|esm))|^(compileFunction|fstat|lstat|internalModuleStat)\b/,
  ],
  ["cryptography", /node:(internal\/)?crypto|libsodium|^wasm-function/],
  [
    "sockets",
    /node:(net|dgram|internal\/(streams|stream_base_commons|dgram))|^(writeBuffer|writev|shutdown|close|connect|send) $/,
  ],
  ["this library", /\/dist\/[^/]+$/],
  ["the bench", /\/bench\/peers\//],
  ["the rest of Node", /./],
];

/** Microseconds of each kind. */
export function timesByKind({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const kinds = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => {
      const [kind = ""] = KINDS.find(([, pattern]) => pattern.test(`${functionName} ${url}`)) ?? [];
      return [id, kind];
    }),
  );
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const kind = kinds.get(id) ?? "";
    times.set(kind, (times.get(kind) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return times;
}

/** A line for each process: the shares of the time in which it did something. */
export function describeProfiles(): string {
  return readdirSync(PROFILES)
    .map((file) => describeTimes(timesByKind(JSON.parse(readFileSync(join(PROFILES, file), "utf8")) as Profile)))
    .join("\n");
}

export function describeTimes(times: ReadonlyMap<string, number>): string {
  const working = [...times].filter(([kind]) => kind !== "waiting").toSorted(([, a], [, b]) => b - a);
  const sum = working.reduce((total, [, time]) => total + time, 0);
  const shares = working.map(([kind, time]) => `${kind} ${((100 * time) / sum).toFixed(0)} %`);
  return `  a process at work for ${(sum / 1000).toFixed(0)} ms: ${shares.join(", ")}`;
}
