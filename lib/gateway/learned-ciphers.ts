import type { CipherName } from "../core/crypto-provider.js";
import { LruMap } from "./admission/lru-map.js";

/** What devices speak, in bounded memory: for a gateway that accepts two ciphers and has to send first. */
export class LearnedCiphers {
  readonly #byDevice: LruMap<CipherName>;

  constructor(mostEntries: number) {
    this.#byDevice = new LruMap(mostEntries);
  }

  /** Notes what a device speaks. */
  note(deviceId: string, cipher: CipherName): void {
    this.#byDevice.set(deviceId, cipher);
  }

  /** What a device was last known to speak, or null. */
  of(deviceId: string): CipherName | null {
    return this.#byDevice.get(deviceId) ?? null;
  }
}
