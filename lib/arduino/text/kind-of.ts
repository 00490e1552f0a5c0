/** What was given in the place of text, for messages: `undefined`, `an object`. */
export function kindOf(value: unknown): string {
  if (isNothing(value)) return String(value);
  return typeof value === "object" ? "an object" : typeof value;
}

/** Whether nothing was given, where the types allow for no such thing: `let label; String(label)`. */
export function isNothing(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
