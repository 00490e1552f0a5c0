import { requireSignal } from "../../core/arguments.js";
import { ownMembers } from "../../core/own-members.js";
import { StopSignals } from "../../transport/stop-signals.js";
import type { Board } from "../board/board.js";
import { currentBoard } from "../board/current-board.js";
import { isSketchEnded } from "../board/sketch-ended.js";
import { createPcBoard, type PcBoardOptions } from "../board/pc-board.js";
import { requireSketch, type Sketch } from "./sketch.js";
import type { SketchError } from "./sketch-error.js";
import { SketchRun } from "./sketch-run.js";

export interface RunSketchOptions extends PcBoardOptions {
  /** Ends the sketch in an orderly way when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a sketch on this computer: `setup()` once, then `loop()`, at most 1,000 turns a second, until SIGINT (Ctrl-C),
 * SIGTERM, SIGHUP or `signal`. Then sessions end with BYE, and the promise resolves with nothing left open. If the
 * sketch fails, it ends in the same way, the error and the sketch's line go to stderr, and the process gets exit code
 * 1. A second signal ends the process at once, with exit code 128 plus the signal's number.
 */
export async function runSketch(sketch: Sketch, given: RunSketchOptions = {}): Promise<void> {
  const { signal, ...options } = ownMembers(given);
  requireSignal(signal);
  requireSketch(sketch);
  if (signal?.aborted) return;
  const board = Object.keys(options).length === 0 ? currentBoard() : createPcBoard(options);
  const failure = await runUntilStopped(board, sketch, signal);
  if (failure === null) return;
  process.stderr.write(`The sketch failed in ${failure.message}\n`);
  process.exitCode = 1;
}

async function runUntilStopped(board: Board, sketch: Sketch, signal?: AbortSignal): Promise<SketchError | null> {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = new SketchRun(board, sketch, () => {
    // Nothing is wired to a computer's pins, so nothing else could wake the sketch.
    if (run.state === "ended" || run.sleepsForGood) end();
  });
  // A timer of Node's that an old life left behind throws SketchEnded when it uses the board. That is not an error.
  const failed = (where: string) => (cause: unknown) => isSketchEnded(cause) || run.fail(where, cause);
  const rejected = failed("a promise that nobody awaits");
  const thrown = failed("a callback of Node's");
  const signals = new StopSignals();
  signals.heed();
  signals.signal.addEventListener("abort", end, { once: true });
  process.on("unhandledRejection", rejected).on("uncaughtException", thrown);
  signal?.addEventListener("abort", end, { once: true });
  try {
    // With nothing else on the stack, because the watchdog ends everything on it: see Watchdog.
    board.clock.afterForSketch(0, () => run.start());
    await ended;
    signals.hasten();
    await run.stop();
  } finally {
    signals.release();
    process.off("unhandledRejection", rejected).off("uncaughtException", thrown);
    signal?.removeEventListener("abort", end);
  }
  return run.failure;
}
