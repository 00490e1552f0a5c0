import { expect } from "chai";
import { isUsmpError, type UsmpError, type UsmpErrorCode } from "../../lib/errors.js";

/** Expects `step` to throw a UsmpError with this very code, and gives it back. */
export function expectCode(step: () => unknown, code: UsmpErrorCode): UsmpError {
  try {
    step();
  } catch (error) {
    if (!isUsmpError(error)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error;
  }
  expect.fail(`nothing was thrown where ${code} was expected`);
}
