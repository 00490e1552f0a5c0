/** What can be sent: text goes as UTF-8. */
export type Sendable = string | Uint8Array | ArrayBuffer;

/** The bytes of a message; a view where it is one already. @throws TypeError for anything else, as Node's own streams do. */
export function toBytes(data: Sendable): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  const given: unknown = data;
  throw new TypeError(
    `data is ${given === null ? "null" : `of type ${typeof given}`}; give a string, a Uint8Array or an ArrayBuffer`,
  );
}
