/** The `usmp` program: connects `run` to the process's streams and signals. */
import { StopSignals } from "../transport/stop-signals.js";
import { programName } from "./program-name.js";

const signals = new StopSignals();

const { stdin, stdout, stderr, env } = process;
for (const stream of [stdout, stderr]) neverBlock(stream);

// Loaded only now, because a signal that arrives while it loads must stop process 1 of a container, too.
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
 * Node writes to a terminal synchronously. A terminal that is held (Ctrl-S) would block every session, and the process
 * would not react to signals. Node has no public way to change that. If this one is missing, writes block as in other
 * programs.
 */
function neverBlock(stream: NodeJS.WriteStream): void {
  if (!stream.isTTY) return;
  const { _handle: handle } = stream as { _handle?: { setBlocking?(isBlocking: boolean): unknown } };
  handle?.setBlocking?.(false);
}
