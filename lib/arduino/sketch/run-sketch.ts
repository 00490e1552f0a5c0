import { currentBoard } from "../board/current-board.js";
import { createPcBoard, type PcBoardOptions } from "../board/pc-board.js";
import type { Sketch } from "./sketch.js";
import { SketchRun } from "./sketch-run.js";

export interface RunSketchOptions extends PcBoardOptions {
  /** Ends the sketch in good order when it aborts. */
  readonly signal?: AbortSignal;
}

/** As a shell has it for a program that Ctrl-C ended. */
const INTERRUPTED_EXIT_CODE = 130;

/**
 * Runs a sketch on this computer: `setup()` once, then `loop()`, at most 1,000 turns a second, until Ctrl-C or `signal`.
 * Then sessions end with BYE, and it resolves with nothing left open. A sketch that fails ends likewise; what went wrong,
 * and on which of its lines, is on stderr, and the process ends with exit code 1. A second Ctrl-C ends it at once.
 */
export async function runSketch(sketch: Sketch, { signal, ...options }: RunSketchOptions = {}): Promise<void> {
  const board = Object.keys(options).length === 0 ? currentBoard() : createPcBoard(options);
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const run = new SketchRun(board, sketch, () => {
      if (run.state === "ended" || run.sleepsForGood) finish();
    });
    const finish = (): void => {
      signal?.removeEventListener("abort", finish);
      void run.stop().then(() => {
        process.off("SIGINT", interrupt);
        const { failure } = run;
        if (failure !== null) {
          process.stderr.write(`The sketch failed in ${failure.message}\n`);
          process.exitCode = 1;
        }
        resolve();
      });
    };
    let interrupted = false;
    const interrupt = (): void => {
      if (interrupted) process.exit(INTERRUPTED_EXIT_CODE);
      interrupted = true;
      finish();
    };
    process.on("SIGINT", interrupt);
    signal?.addEventListener("abort", finish, { once: true });
    run.start();
  });
}
