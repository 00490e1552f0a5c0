import { requireFunctions } from "../core/arguments.js";

/** Fails for a program in JavaScript that calls the constructor of sessions, which the types keep to this library. */
export function requireDriver(driver: unknown): void {
  const advice = "no arguments, and do not call this: begin(), connect() and listen() make sessions";
  requireFunctions("driver", driver, ["attach"], advice);
}
