import { expect } from "chai";
import { createContext, runInContext, runInThisContext } from "node:vm";

import { isArrayBuffer, isBytes, isMap, isThenable } from "../../lib/core/kinds.js";

/** A value of this realm and of another one, made by the same expression. */
function bothRealms(expression: string): unknown[] {
  return [runInThisContext(expression), runInContext(expression, createContext())];
}

const CHECKS = { isBytes, isArrayBuffer, isMap, isThenable };
const EXPECTED: Readonly<Record<string, keyof typeof CHECKS | null>> = {
  "new Uint8Array(2)": "isBytes",
  "new (class Sub extends Uint8Array {})(2)": "isBytes",
  "new Uint8Array(new SharedArrayBuffer(2))": "isBytes",
  "new Uint8ClampedArray(2)": null,
  "new Uint16Array(2)": null,
  "new DataView(new ArrayBuffer(2))": null,
  "({ length: 2, [Symbol.toStringTag]: 'Uint8Array' })": null,
  "Object.create(Uint8Array.prototype)": null,
  "new ArrayBuffer(2)": "isArrayBuffer",
  "new SharedArrayBuffer(2)": null,
  "Object.create(ArrayBuffer.prototype)": null,
  "new Map()": "isMap",
  "new (class Sub extends Map {})()": "isMap",
  "new Set()": null,
  "new WeakMap()": null,
  "({ size: 1, [Symbol.toStringTag]: 'Map' })": null,
  "Promise.resolve()": "isThenable",
  "(async () => {})()": "isThenable",
  "({ then() {} })": "isThenable",
  "Object.assign(() => {}, { then() {} })": "isThenable",
  "({ then: true })": null,
  "async () => {}": null,
  null: null,
  undefined: null,
  "'text'": null,
  "5": null,
};

describe("What a value is", () => {
  for (const [expression, expected] of Object.entries(EXPECTED)) {
    it(`finds ${expression} ${expected === null ? "to be none of the kinds" : `by ${expected} alone`}, in every realm`, () => {
      for (const value of bothRealms(`(${expression})`)) {
        const found = Object.entries(CHECKS).filter(([, check]) => check(value));
        expect(found.map(([name]) => name)).to.deep.equal(expected === null ? [] : [expected]);
      }
    });
  }

  it("takes a Buffer for bytes", () => {
    expect(isBytes(Buffer.from("x"))).to.equal(true);
  });
});
