/** Where our processes spent their time, from the CPU profiles that Node wrote. */
import { readFile, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export const PROFILES = "build/profiles";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 16;

/** What functions belong to, by the name that {@link nameOf} gives them; the first that fits counts. */
const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["garbage collector", /^\(garbage collector\)/],
  [
    "start of the process",
    /internal\/(modules|bootstrap|process\/(pre_execution|esm))|^(compileFunction|fstat|lstat|internalModuleStat)\b/,
  ],
  ["node:crypto", /node:(internal\/)?crypto/],
  ["libsodium", /libsodium|^wasm-function/],
  [
    "sockets and streams",
    /node:(net|dgram|internal\/(streams|stream_base_commons|dgram))|^(writeBuffer|writev|shutdown|close|connect|send)$/,
  ],
  ["this library", / dist\/[^/]+$/],
  ["the rest of Node", /node:|^[^ ]+$|^\(program\)/],
  ["the script of the bench", /./],
];
const WAITING = "(idle)";

/** The functions of each profile that took the most time by themselves, in percent of the time it did not wait. */
export async function tellProfiles(prefix: string): Promise<string> {
  const files = (await readdir(PROFILES)).filter((file) => file.startsWith(prefix)).toSorted();
  const told = await Promise.all(files.map(async (file) => tellProfile(file, await readProfile(file))));
  return told.join("\n\n");
}

async function readProfile(file: string): Promise<Profile> {
  return JSON.parse(await readFile(join(PROFILES, file), "utf8")) as Profile;
}

export function tellProfile(file: string, profile: Profile): string {
  const times = selfTimes(profile);
  times.delete(WAITING);
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const lines = [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([name, time]) => `${((time / busy) * 100).toFixed(1).padStart(7)} %  ${name}`);
  const kinds = [...byKind(times)].map(([kind, time]) => `${kind} ${((time / busy) * 100).toFixed(0)} %`);
  return [`${file}, ${(busy / 1000).toFixed(0)} ms at work: ${kinds.join(", ")}`, ...lines].join("\n");
}

/** The same time by what the functions belong to, the most first. */
export function byKind(times: ReadonlyMap<string, number>): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const [name, time] of times) {
    const [kind] = KINDS.find(([, pattern]) => pattern.test(name)) ?? [name];
    kinds.set(kind, (kinds.get(kind) ?? 0) + time);
  }
  return new Map([...kinds].toSorted(([, a], [, b]) => b - a));
}

/** Microseconds by function and file. */
export function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? "";
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  return times;
}

function nameOf({ functionName, url }: ProfileNode["callFrame"]): string {
  const source = sourceOf(url);
  return `${functionName === "" ? "(anonymous)" : functionName}${source === "" ? "" : `  ${source}`}`;
}

/** A file's name; Node's own, and those of the built package, with where they are from. */
function sourceOf(url: string): string {
  if (url.startsWith("node:")) return url;
  const isOurs = !url.includes("node_modules") && basename(dirname(url)) === "dist";
  return isOurs ? `dist/${basename(url)}` : basename(url);
}
