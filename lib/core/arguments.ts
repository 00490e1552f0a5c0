/** What callers without types give in error, named before anything is done with it. */
import { UsmpError } from "../errors.js";
import { isBytes } from "./kinds.js";
import { hasMember } from "./own-members.js";

/** What was given in place of what was wanted: `undefined`, `of type number`. Never the value, which may be a key. */
export function describeGiven(value: unknown): string {
  return value === undefined || value === null ? String(value) : `of type ${typeof value}`;
}

/** @throws UsmpError INVALID_ARG that names the argument, what was given, and what is wanted, such as "a Uint8Array". */
export function refuseArgument(name: string, value: unknown, wanted: string): never {
  throw new UsmpError("INVALID_ARG", `${name} is ${describeGiven(value)}; give ${wanted}`);
}

/** Fails unless `value` is an object with all these functions, its own or its class's. @throws UsmpError INVALID_ARG */
export function requireFunctions(name: string, value: unknown, functions: readonly string[], wanted: string): void {
  if (!hasFunctions(value, functions)) refuseArgument(name, value, wanted);
}

/** Whether `value` is an object with all these functions. */
export function hasFunctions(value: unknown, functions: readonly string[]): boolean {
  return functions.every(
    (each) => hasMember(value, each) && typeof (value as Record<string, unknown>)[each] === "function",
  );
}

/** Fails for anything but a function. @throws UsmpError INVALID_ARG */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== "function") refuseArgument(name, value, "a function");
}

/** The function, or the null that clears it. @throws UsmpError INVALID_ARG for anything else */
export function requireCallback<Callback>(name: string, value: Callback): Callback {
  if (value !== null) requireFunction(name, value);
  return value;
}

/** Fails for anything but a number; NaN is one. @throws UsmpError INVALID_ARG */
export function requireNumber(name: string, value: unknown): void {
  if (typeof value !== "number") refuseArgument(name, value, "a number");
}

/** Fails for anything that C would not convert to a number: NaN, a bigint and a truth value are fine. @throws UsmpError INVALID_ARG */
export function requireNumeric(name: string, value: unknown): void {
  if (typeof value !== "bigint" && typeof value !== "boolean") requireNumber(name, value);
}

/** Fails for anything but an object. @throws UsmpError INVALID_ARG */
export function requireObject(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) refuseArgument(name, value, "an object");
}

/** Fails for anything but bytes. @throws UsmpError INVALID_ARG */
export function requireBytes(name: string, value: unknown): void {
  if (!isBytes(value)) refuseArgument(name, value, "a Uint8Array");
}

/** Fails for anything but an AbortSignal, of whichever realm, or undefined. @throws UsmpError INVALID_ARG */
export function requireSignal(value: unknown): void {
  if (value === undefined) return;
  if (hasMember(value, "aborted") && hasFunctions(value, ["addEventListener", "removeEventListener"])) return;
  refuseArgument("signal", value, "an AbortSignal");
}

/** Fails for what is no clock. @throws UsmpError INVALID_ARG */
export function requireClock(value: unknown): void {
  requireFunctions("clock", value, ["now", "after", "afterReadPass"], "an object with now, after and afterReadPass");
}
