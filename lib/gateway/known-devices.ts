import { LruMap } from "./admission/lru-map.js";

/** How many device ids are remembered; the one that was seen longest ago is forgotten first. */
const MOST = 65_536;

/** Remembers, in bounded memory, which devices had a session before. */
export class KnownDevices {
  readonly #seen = new LruMap<true>(MOST);

  /** Notes a device; whether it was known. */
  note(deviceId: string): boolean {
    const known = this.#seen.get(deviceId) === true;
    this.#seen.set(deviceId, true);
    return known;
  }
}
