/** Finds the arrays that secret keys were copied into, so that a spec can see whether they were overwritten. */
import { expect } from "chai";
import { toHex } from "./core-bytes.js";

/** Runs `act`. Returns every array that got one of `keys` meanwhile. */
export function holdersOf(keys: ReadonlySet<string>, act: () => void): Uint8Array[] {
  const holders: Uint8Array[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the array that it was called on
  const { set } = Uint8Array.prototype;
  Uint8Array.prototype.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number): void {
    set.call(this, source, offset);
    if (this.length === 32 && keys.has(toHex(this))) holders.push(this);
  };
  try {
    act();
  } finally {
    Uint8Array.prototype.set = set;
  }
  return holders;
}

/** Expects that no holder still has a byte of its key. */
export function expectOverwritten(holders: readonly Uint8Array[]): void {
  expect(holders.filter((holder) => holder.some((byte) => byte !== 0))).to.deep.equal([]);
}
