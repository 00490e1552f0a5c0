/**
 * Where processes run. Left alone, Linux keeps two processes that wait for each other on one core for a while, and apart for
 * another while; an idle core takes tens of microseconds to wake, so that an echo takes a third of the time in the first case,
 * by luck. Where echoes are compared, each end gets its place.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

export type Cores = "apart" | "together";

let canPin: boolean | undefined;

/** Whether there are two cores, and the means to choose one. */
export function coresCanBeChosen(): boolean {
  return (canPin ??= availableParallelism() > 1 && tasksetWorks());
}

/** What comes before the words of a command, so that it runs in its place; nothing where that cannot be chosen. */
export function pinned(end: "sender" | "receiver", cores: Cores | undefined): string[] {
  if (cores === undefined || !coresCanBeChosen()) return [];
  return ["taskset", "--cpu-list", cores === "apart" && end === "receiver" ? "1" : "0"];
}

function tasksetWorks(): boolean {
  try {
    execFileSync("taskset", ["--cpu-list", "0,1", process.execPath, "--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
