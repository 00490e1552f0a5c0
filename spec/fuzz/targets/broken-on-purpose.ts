/** No target of ours: it breaks on purpose, so that a spec can show that the runner finds and reports what breaks. */
import { hold } from "../invariant.js";

export function fuzz(data: Uint8Array): void {
  hold(data.length < 3 || data[0]! < 0x80, "found, as it should be");
}
