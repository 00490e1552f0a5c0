import type { CipherName } from "../core/crypto-provider.js";

/** How many devices are remembered; the one that was learned of longest ago is forgotten first. */
const MOST = 65_536;

/** What devices speak, in bounded memory: for a gateway that accepts two ciphers and has to send first. */
export class LearnedCiphers {
  /** A Map keeps the order of insertion: the first is the oldest. */
  readonly #byDevice = new Map<string, CipherName>();

  /** Notes what a device speaks. */
  note(deviceId: string, cipher: CipherName): void {
    this.#byDevice.delete(deviceId);
    this.#byDevice.set(deviceId, cipher);
    if (this.#byDevice.size > MOST) this.#byDevice.delete(this.#byDevice.keys().next().value as string);
  }

  /** What a device was last known to speak, or null. */
  of(deviceId: string): CipherName | null {
    return this.#byDevice.get(deviceId) ?? null;
  }
}
