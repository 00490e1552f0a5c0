/** Checks arguments at the public surface, for callers without types. */
import { UsmpError } from "../errors.js";
import { isBytes } from "./kinds.js";
import { hasMember } from "./own-members.js";

/** Describes a wrong argument: `undefined`, `of type number`. Never the value, which may be a key. */
export function describeGiven(value: unknown): string {
  return value === undefined || value === null ? String(value) : `of type ${typeof value}`;
}

/**
 * @throws UsmpError INVALID_ARG that names the argument, what was given, and what is wanted, such as "a Uint8Array".
 */
export function refuseArgument(name: string, value: unknown, wanted: string): never {
  throw new UsmpError("INVALID_ARG", `${name} is ${describeGiven(value)}; give ${wanted}`);
}

/** Requires an object with all these functions, its own or its class's. @throws UsmpError INVALID_ARG */
export function requireFunctions(name: string, value: unknown, functions: readonly string[], wanted: string): void {
  if (!hasFunctions(value, functions)) refuseArgument(name, value, wanted);
}

/** Whether `value` is an object with all these functions, its own or its class's. */
function hasFunctions(value: unknown, functions: readonly string[]): boolean {
  return functions.every(
    (each) => hasMember(value, each) && typeof (value as Record<string, unknown>)[each] === "function",
  );
}

/** Requires a function. @throws UsmpError INVALID_ARG */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== "function") refuseArgument(name, value, "a function");
}

/** Returns a callback: a function, or null, which clears it. @throws UsmpError INVALID_ARG for anything else */
export function requireCallback<Callback>(name: string, value: Callback): Callback {
  if (value !== null) requireFunction(name, value);
  return value;
}

/** Requires a number, which NaN is. @throws UsmpError INVALID_ARG */
export function requireNumber(name: string, value: unknown): void {
  if (typeof value !== "number") refuseArgument(name, value, "a number");
}

/**
 * Fails for anything that C would not convert to a number: NaN, a bigint and a truth value are fine.
 * @throws UsmpError INVALID_ARG
 */
export function requireNumeric(name: string, value: unknown): void {
  if (typeof value !== "bigint" && typeof value !== "boolean") requireNumber(name, value);
}

/** Requires an object. @throws UsmpError INVALID_ARG */
export function requireObject(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) refuseArgument(name, value, "an object");
}

/** Requires a Uint8Array. @throws UsmpError INVALID_ARG */
export function requireBytes(name: string, value: unknown): void {
  if (!isBytes(value)) refuseArgument(name, value, "a Uint8Array");
}

/** Requires an AbortSignal of any realm, or undefined. @throws UsmpError INVALID_ARG */
export function requireSignal(value: unknown): void {
  if (value === undefined) return;
  if (hasMember(value, "aborted") && hasFunctions(value, ["addEventListener", "removeEventListener"])) return;
  refuseArgument("signal", value, "an AbortSignal");
}

/** Requires a {@link Clock}. @throws UsmpError INVALID_ARG */
export function requireClock(value: unknown): void {
  requireFunctions("clock", value, ["now", "after", "afterReadPass"], "an object with now, after and afterReadPass");
}
