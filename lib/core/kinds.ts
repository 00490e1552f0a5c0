/**
 * Tells what a value is. Each check also holds for a value of another realm (a `node:vm` context, a test runner's
 * sandbox, an iframe), and if a program has replaced a global such as `Promise`. `instanceof` compares with this
 * realm's constructors.
 */

const readTypedArrayTag = getterOf(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);
const readBufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const readMapSize = getterOf(Map.prototype, "size");

function getterOf(prototype: object, member: PropertyKey): () => unknown {
  return Reflect.getOwnPropertyDescriptor(prototype, member)?.get as () => unknown;
}

/** Whether `value` is a Uint8Array, or a Buffer, which is one. A DataView or a Uint16Array is not. */
export function isBytes(value: unknown): value is Uint8Array {
  return Reflect.apply(readTypedArrayTag, value, []) === "Uint8Array";
}

/** Whether `value` is an ArrayBuffer. A SharedArrayBuffer is not. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return hasBrand(readBufferLength, value);
}

/** Whether `value` is a Map. */
export function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return hasBrand(readMapSize, value);
}

/** Whether `await` would wait for `value`: a promise, or an object with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
  return typeof (value as Partial<PromiseLike<unknown>>).then === "function";
}

/** Such a getter throws for every value that is not of its kind. */
function hasBrand(getter: () => unknown, value: unknown): boolean {
  try {
    Reflect.apply(getter, value, []);
    return true;
  } catch {
    return false;
  }
}
