/** §4: this end starts at most one REKEY in this time, in milliseconds. */
export const REKEY_INTERVAL_MS = 1000;

/** When a device starts a REKEY by itself. Gateways have none of this: where both ends start, one of the two is in vain. */
export interface RotationOptions {
  /** Keys of this age are rotated; 0: of any age. Milliseconds. */
  readonly rekeyAfterMs: number;
  /** Keys are rotated after this many frames in either direction. */
  readonly rekeyAfterFrames: number;
}

/** Whether and when this end starts a REKEY: because the application asked, or because the keys are old or much used. */
export class RekeyPolicy {
  readonly #afterMs: number;
  readonly #afterFrames: number;
  #wanted = false;
  /** When the present keys came. */
  #rotatedAt: number;
  /** When this end last started. */
  #startedAt = -Infinity;

  /** Null: only when asked to. */
  constructor(options: RotationOptions | null, now: number) {
    this.#afterMs = options === null || options.rekeyAfterMs === 0 ? Infinity : options.rekeyAfterMs;
    this.#afterFrames = options?.rekeyAfterFrames ?? Infinity;
    this.#rotatedAt = now;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  /** The application asks. */
  want(): void {
    this.#wanted = true;
  }

  /** Judges the keys, under which `frames` have gone in the busier direction; whether a REKEY is wanted. */
  judge(frames: number, now: number): boolean {
    if (frames >= this.#afterFrames || now >= this.#rotatedAt + this.#afterMs) this.#wanted = true;
    return this.#wanted;
  }

  /** Whether the peer's patience allows a REKEY now. */
  mayStart(now: number): boolean {
    return now >= this.#startedAt + REKEY_INTERVAL_MS;
  }

  /** This end starts one now. */
  started(now: number): void {
    this.#wanted = false;
    this.#startedAt = now;
    this.rotated(now);
  }

  /** The keys are new. */
  rotated(now: number): void {
    this.#rotatedAt = now;
  }

  /** When the next step is due; `Infinity` where a frame has to come first, as what is wanted cannot start (`canStart`). */
  nextDeadline(canStart: boolean): number {
    if (!this.#wanted) return this.#rotatedAt + this.#afterMs;
    return canStart ? this.#startedAt + REKEY_INTERVAL_MS : Infinity;
  }
}
