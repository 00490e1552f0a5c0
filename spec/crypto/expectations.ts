/** What several suites of this folder expect alike. */
import { expect } from "chai";
import fc from "fast-check";
import { inspect } from "node:util";
import { isUsmpError, type UsmpErrorCode } from "../../lib/errors.js";
import { toHex } from "./vectors.js";

/** One fixed seed: a run is repeatable, and a failure prints the path to its smallest case. */
export const SEED = 20_240_229;

export function arbitraryBytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

export function expectCode(code: UsmpErrorCode, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(isUsmpError(error) && error.code).to.equal(code);
    return;
  }
  expect.fail(`expected ${code}, but nothing was thrown`);
}

/** That neither inspecting nor serialising `holder` shows `secret`, in any usual notation. */
export function expectUnprintable(holder: object, secret: Uint8Array): void {
  expect(notationsShown(holder, secret)).to.deep.equal([]);
}

/** Spaces aside, because `inspect` aligns numbers in columns; numbers by the first few, because it also groups them. */
export function notationsShown(holder: object, secret: Uint8Array): string[] {
  const printed = inspect(holder, { depth: Infinity, showHidden: true, maxArrayLength: null }) + JSON.stringify(holder);
  const head = secret.slice(0, 6);
  const notations = [
    toHex(secret),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
    head.join(","),
    JSON.stringify(head).slice(1, -1),
  ];
  return notations.filter((notation) => printed.replace(/\s/g, "").includes(notation));
}
