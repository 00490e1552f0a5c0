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

/** A received message in the form that users get: in Node a Buffer on the same bytes, so that `toString()` gives its text. */
export function toUserMessage(data: Uint8Array): Uint8Array {
  if (typeof Buffer === "undefined" || Buffer.isBuffer(data)) return data;
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}
