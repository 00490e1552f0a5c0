/** The least time between two REKEYs of this end, in milliseconds (§4.5). */
export const REKEY_INTERVAL_MS = 1000;

/** When a device starts a REKEY by itself. Gateways do not: if both ends did, one REKEY would be wasted. */
export interface RotationOptions {
  /** Rotate keys of this age, in milliseconds; 0: age does not matter. */
  readonly rekeyAfterMs: number;
  /** Rotate keys after this many frames in either direction. */
  readonly rekeyAfterFrames: number;
}

/** Whether and when this end starts a REKEY: on request, or because its keys are old or much used. */
export class RekeyPolicy {
  readonly #afterMs: number;
  readonly #afterFrames: number;
  #wanted = false;
  /** When the present keys were derived. */
  #rotatedAt: number;
  /** When this end last started a REKEY. */
  #startedAt = -Infinity;

  /** Null: on request only. */
  constructor(options: RotationOptions | null, now: number) {
    this.#afterMs = options === null || options.rekeyAfterMs === 0 ? Infinity : options.rekeyAfterMs;
    this.#afterFrames = options?.rekeyAfterFrames ?? Infinity;
    this.#rotatedAt = now;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  /** The application requests a REKEY. */
  want(): void {
    this.#wanted = true;
  }

  /** Returns whether a REKEY is wanted. `frames`: how many the keys have sealed or opened, in the busier direction. */
  judge(frames: number, now: number): boolean {
    if (frames >= this.#afterFrames || now >= this.#rotatedAt + this.#afterMs) this.#wanted = true;
    return this.#wanted;
  }

  /** Whether the peer's rate limit allows a REKEY at `now`. */
  mayStart(now: number): boolean {
    return now >= this.#startedAt + REKEY_INTERVAL_MS;
  }

  /** This end starts a REKEY at `now`. */
  started(now: number): void {
    this.#wanted = false;
    this.#startedAt = now;
    this.rotated(now);
  }

  /** The keys are new as of `now`. */
  rotated(now: number): void {
    this.#rotatedAt = now;
  }

  /** When the next step is due; `Infinity` if a wanted REKEY has to wait for a frame (not `canStart`). */
  nextDeadline(canStart: boolean): number {
    if (!this.#wanted) return this.#rotatedAt + this.#afterMs;
    return canStart ? this.#startedAt + REKEY_INTERVAL_MS : Infinity;
  }
}
