import { execFileSync } from "node:child_process";
import { createContext, runInContext } from "node:vm";
import { expect } from "chai";
import {
  causeText,
  isUsmpError,
  orderlyEnd,
  toUsmpError,
  USMP_ERROR_CODES,
  UsmpErrno,
  UsmpError,
} from "../lib/errors.js";

describe("UsmpError", () => {
  it("is an Error with name, code, number and message", () => {
    const error = new UsmpError("AUTH", "check the PSK");
    expect(error).to.be.instanceOf(Error);
    expect(String(error)).to.equal("UsmpError: check the PSK");
    expect([error.name, error.code, error.errno]).to.deep.equal(["UsmpError", "AUTH", UsmpErrno.AUTH_FAILED]);
    expect(error.stack).to.include("errors.spec");
  });

  it("keeps the cause where there is one, and has none otherwise", () => {
    const cause = new Error("the system's");
    expect(new UsmpError("TRANSPORT", "x", { cause }).cause).to.equal(cause);
    expect("cause" in new UsmpError("TRANSPORT", "x")).to.equal(false);
    expect("cause" in new UsmpError("TRANSPORT", "x", { cause: undefined })).to.equal(false);
  });

  it("has a number of the C core for every code", () => {
    const numbers = Object.values(UsmpErrno);
    for (const code of USMP_ERROR_CODES) {
      const { errno } = new UsmpError(code, "x");
      expect(numbers, code).to.include(errno);
      expect(errno, code).to.be.lessThan(0);
    }
  });

  it("keeps the C core's numbers", () => {
    expect(UsmpErrno).to.deep.equal({
      OK: 0,
      INVALID_ARG: -1,
      TRANSPORT_FAILED: -2,
      AUTH_FAILED: -3,
      TIMEOUT: -4,
      REPLAY_DETECTED: -5,
      BUFFER_OVERFLOW: -6,
      SEQ_EXHAUSTED: -7,
      CRYPTO_FAILED: -8,
      NOT_CONNECTED: -9,
    });
  });

  it("lists every code once, and the list cannot be changed", () => {
    expect(new Set(USMP_ERROR_CODES).size).to.equal(USMP_ERROR_CODES.length);
    expect(USMP_ERROR_CODES).to.include.members([
      ...["FRAME", "VERSION", "HANDSHAKE", "AUTH", "SEQUENCE", "CRYPTO", "FRAGMENT", "FLOOD", "TIMEOUT", "TRANSPORT"],
      ...["SUPERSEDED", "PAYLOAD_TOO_LARGE", "NOT_CONNECTED", "CLOSED", "BYE", "UNSUPPORTED"],
    ]);
    expect(Object.isFrozen(USMP_ERROR_CODES)).to.equal(true);
  });
});

describe("isUsmpError", () => {
  it("knows one of its own, and one of another copy of the library", () => {
    expect(isUsmpError(new UsmpError("BYE", "x"))).to.equal(true);
    const foreign: unknown = runInContext(
      'Object.assign(new Error("x"), { code: "BYE", [Symbol.for("usmp.error")]: true })',
      createContext(),
    );
    expect(foreign instanceof UsmpError).to.equal(false);
    expect(isUsmpError(foreign)).to.equal(true);
  });

  it("knows nothing else", () => {
    for (const value of [null, undefined, "x", 1, {}, new Error("x"), { code: "BYE" }, () => {}]) {
      expect(isUsmpError(value)).to.equal(false);
    }
  });

  it("goes by a mark that is not enumerable", () => {
    expect(Object.keys(new UsmpError("BYE", "x")).sort()).to.deep.equal(["code", "errno", "name"]);
  });
});

describe("what a user's code threw", () => {
  it("has a text, whatever it is", () => {
    expect(causeText(new Error("why"))).to.equal("why");
    expect(causeText("text")).to.equal("text");
    for (const odd of [
      Object.create(null),
      { toString: () => ({}) },
      Object.assign(new Error(), { message: Object.create(null) as unknown }),
    ]) {
      expect(causeText(odd)).to.equal("what it threw has no text");
    }
  });

  it("becomes a UsmpError, and stays one", () => {
    const own = new UsmpError("AUTH", "x");
    expect(toUsmpError(own)).to.equal(own);
    expect(toUsmpError("odd")).to.include({ code: "TRANSPORT", message: "the transport failed: odd", cause: "odd" });
  });
});

describe("orderlyEnd", () => {
  it("is a UsmpError like any other, without a stack trace", () => {
    const error = orderlyEnd("BYE", "the peer ended the session");
    expect(isUsmpError(error)).to.equal(true);
    expect([error.code, error.message, error.stack]).to.deep.equal([
      "BYE",
      "the peer ended the session",
      "UsmpError: the peer ended the session",
    ]);
  });

  it("leaves other errors theirs, however much of it the program wants", () => {
    const limit = Error.stackTraceLimit;
    try {
      for (const wanted of [0, 3, 50, Infinity]) {
        Error.stackTraceLimit = wanted;
        orderlyEnd("CLOSED", "x");
        expect(Error.stackTraceLimit).to.equal(wanted);
      }
    } finally {
      Error.stackTraceLimit = limit;
    }
  });

  it("works where the limit cannot be changed", () => {
    const code = `
      const { orderlyEnd } = await import("./lib/errors.ts");
      Object.freeze(Error);
      const { code, stack } = orderlyEnd("BYE", "x");
      console.log(code, stack.includes("at "));
    `;
    const args = ["--import=tsx", "--input-type=module", "--eval", code];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" }).trim()).to.equal("BYE true");
  });
});
