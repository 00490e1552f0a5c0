/** How many device ids are remembered; the one that was seen longest ago is forgotten first. */
const MOST = 65_536;

/** Remembers, in bounded memory, which devices had a session before. */
export class KnownDevices {
  /** A Set keeps the order of insertion: the first is the oldest. */
  readonly #seen = new Set<string>();

  /** Notes a device; whether it was known. */
  note(deviceId: string): boolean {
    const known = this.#seen.delete(deviceId);
    this.#seen.add(deviceId);
    if (this.#seen.size > MOST) this.#seen.delete(this.#seen.values().next().value as string);
    return known;
  }
}
