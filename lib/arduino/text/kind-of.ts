/** Describes a value that is not text, for messages: `undefined`, `an object`. */
export function kindOf(value: unknown): string {
  if (isNothing(value)) return String(value);
  return typeof value === "object" ? "an object" : typeof value;
}

/** Whether a value is undefined or null, which the types do not allow: `let label; String(label)`. */
export function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
