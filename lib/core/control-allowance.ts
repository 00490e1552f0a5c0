/** §4: this many control frames a second are nobody's attack. */
const PER_SECOND = 8;
/** What may pile up while the event loop stands still; a peer that behaves sends no more in 8 s. */
const MOST_SAVED_UP = 64;

/** How many PING, PONG and REKEY frames the peer may still send: a token bucket. Control frames cost work and deliver nothing. */
export class ControlAllowance {
  #left = PER_SECOND;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes one; false where none is left. */
  take(now: number): boolean {
    this.#left = Math.min(MOST_SAVED_UP, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
