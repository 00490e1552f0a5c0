/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not reject");
}

/** The line of the spec that calls this, plus `offset`. */
export function lineHere(offset = 0): number {
  const caller = new Error("for its stack trace").stack?.split("\n")[2] ?? "";
  return Number(/:(\d+):\d+\)?$/.exec(caller)?.[1]) + offset;
}
