import { expect } from "chai";

import { UsmpError } from "../../lib/errors.js";

/** Expects an INVALID_ARG with exactly this message. */
export function expectInvalid(action: () => unknown, message: string): void {
  expect(action).to.throw(UsmpError).that.includes({ code: "INVALID_ARG", message });
}
