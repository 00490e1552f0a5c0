/** A promise that the library broke: what a fuzz target throws. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant";
}

/** @throws BrokenInvariant unless `promise` holds. */
export function hold(promise: boolean, what: string | (() => string)): asserts promise {
  if (!promise) throw new BrokenInvariant(typeof what === "string" ? what : what());
}

/** @throws BrokenInvariant unless the two are the same; both are told. */
export function same(found: unknown, expected: unknown, what: string): void {
  if (Object.is(found, expected)) return;
  throw new BrokenInvariant(`${what}: found ${String(found)}, expected ${String(expected)}`);
}
