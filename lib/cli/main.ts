/** The `usmp` program: the process's streams and signals, around {@link run}. */
import { run } from "./run.js";

/** A terminal and a program between (npm) may each pass on one Ctrl-C: what comes this soon is still the first. */
const SAME_SIGNAL_MS = 300;

const stop = new AbortController();

function onSignal(): void {
  if (stop.signal.aborted) return;
  stop.abort();
  // From then on a signal does what it does by itself: end the process at once.
  setTimeout(() => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }, SAME_SIGNAL_MS).unref();
}

process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: stop.signal });
