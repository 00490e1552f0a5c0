/** The `usmp` program: the process's streams and signals, around `run`. */
import { StopSignals } from "../transport/stop-signals.js";
import { programName } from "./program-name.js";

const signals = new StopSignals();

const { stdin, stdout, stderr, env } = process;
for (const stream of [stdout, stderr]) neverBlock(stream);

// Loaded only now: what is stopped while it loads would otherwise miss the signal as process 1 of a container.
const { run } = await import("./run.js");
const exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  signal: signals.signal,
  onRunning: () => signals.heed(),
  program: programName(process.argv[1] ?? "", env),
});
signals.end(exitCode);

/**
 * Node writes to a terminal synchronously: one that is held (Ctrl-S) would stop every session, and signals would no longer
 * be heard. There is no public way to change that; where this one is missing, terminals are as in any other Node program.
 */
function neverBlock(stream: NodeJS.WriteStream): void {
  if (!stream.isTTY) return;
  const { _handle: handle } = stream as { _handle?: { setBlocking?(isBlocking: boolean): unknown } };
  handle?.setBlocking?.(false);
}
