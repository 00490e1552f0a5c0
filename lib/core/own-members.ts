import { UsmpError } from "../errors.js";

/**
 * Copies the own members of `given` into an object that inherits nothing. What a program, or an attack on it, has put
 * on `Object.prototype` is neither an option nor a key.
 * @throws UsmpError INVALID_ARG, with the name `what`, for anything but an object or undefined, which has no members.
 */
export function ownMembers<Members extends object>(given: Members | undefined, what = "options"): Members {
  const value: unknown = given;
  if (value !== undefined && (typeof value !== "object" || value === null))
    throw new UsmpError(
      "INVALID_ARG",
      `${what} is ${value === null ? "null" : `of type ${typeof value}`}; give an object`,
    );
  return Object.assign(Object.create(null) as Members, given);
}

/** Whether `value` or its class has this member. Members of `Object.prototype` do not count. */
export function hasMember(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  for (let owner: object | null = value; owner !== null;) {
    const parent = Object.getPrototypeOf(owner) as object | null;
    if (Object.hasOwn(owner, name)) return owner === value || parent !== null;
    owner = parent;
  }
  return false;
}
