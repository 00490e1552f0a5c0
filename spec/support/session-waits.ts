/** Waiting in specs of sessions, with a bound. */
import { expect } from "chai";
import type { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { isUsmpError, type UsmpError, type UsmpErrorCode } from "../../lib/errors.js";
import { soon, turn } from "./patience.js";

export { eventually, soon, standsStill } from "./patience.js";

/** What `promise` rejects with, which must be a UsmpError with this very code. */
export async function rejectionOf(promise: PromiseLike<unknown>, code: UsmpErrorCode): Promise<UsmpError> {
  let value: unknown;
  try {
    value = await soon(promise, `the rejection with ${code}`);
  } catch (error) {
    if (!isUsmpError(error)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error;
  }
  expect.fail(`resolved with ${String(value)} where ${code} was expected`);
}

/** Settles `promise` on a simulated clock that otherwise stands still: what is due now runs, and time moves by nothing. */
export async function onClock<T>(clock: VirtualClock, promise: Promise<T>, stepMs = 0): Promise<T> {
  const state = { settled: false };
  const done = (): void => void (state.settled = true);
  promise.then(done, done);
  for (let rounds = 0; !state.settled; rounds++) {
    if (rounds > 200) throw new Error("the promise did not settle on the simulated clock");
    await clock.advance(stepMs);
  }
  return promise;
}

/** Whether a promise is still pending when every microtask has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  await microtasks();
  return !settled;
}

/** Lets every microtask run, and no timer. */
export async function microtasks(): Promise<void> {
  for (let turns = 0; turns < 40; turns++) await Promise.resolve();
}

/** What warnings the process is given while `step` runs, and shortly after. */
export async function warningsDuring(step: () => unknown): Promise<Error[]> {
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listener);
  const printers = process.listeners("warning").filter((other) => other !== listener);
  // Node's own printer would write to the spec's output.
  for (const printer of printers) process.off("warning", printer);
  try {
    await step();
    await turn();
    await turn();
  } finally {
    process.off("warning", listener);
    for (const printer of printers) process.on("warning", printer);
  }
  return warnings;
}
