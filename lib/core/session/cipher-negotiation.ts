/**
 * Which cipher a session speaks if its gateway accepts more than one (§4.2). Both directions share the choice.
 *
 *     open --- a frame verifies -----------------------------------------------------------> fixed
 *      `------ output waits, and no frame came for 500 ms ---> guessed --- a frame verifies ---^
 *                                                                 `-- under another cipher: CRYPTO
 *
 * A wrong guess ends its session. The next session starts with the right cipher.
 */
import { UsmpError } from "../../errors.js";
import type { CipherName } from "../crypto-provider.js";

/** How long output waits for a frame of the peer. A device that speaks first does so within a round trip. */
export const CIPHER_WAIT_MS = 500;

type State =
  | { readonly name: "open" }
  | { readonly name: "guessed"; readonly cipher: CipherName }
  | { readonly name: "fixed"; readonly cipher: CipherName };

/** What a gateway knows about a peer before its first frame. */
interface CipherHint {
  /** The cipher to guess, if it is a candidate. */
  readonly preferred: CipherName | null;
  /** Called synchronously with the peer's cipher, or, after a guess that was probably wrong, with the next guess. */
  readonly onLearned: (cipher: CipherName) => void;
}

export class CipherNegotiation {
  readonly candidates: readonly CipherName[];
  #state: State = { name: "open" };
  #fallback: CipherName;
  #onLearned: (cipher: CipherName) => void = () => {};
  #guessAt = Infinity;

  /** The first candidate is the guess if nothing is preferred. A single one is fixed from the start. */
  constructor(candidates: readonly [CipherName, ...CipherName[]]) {
    this.candidates = candidates;
    this.#fallback = candidates[0];
    if (candidates.length === 1) this.#state = { name: "fixed", cipher: this.#fallback };
  }

  /** Returns a negotiation as it is, and a cipher as one without alternatives. */
  static of(given: CipherName | CipherNegotiation): CipherNegotiation {
    return typeof given === "string" ? new CipherNegotiation([given]) : given;
  }

  /** Whether frames can be sealed. */
  get isDecided(): boolean {
    return this.#state.name !== "open";
  }

  /** Whether a frame has verified, or there is one candidate only. */
  get isFixed(): boolean {
    return this.#state.name === "fixed";
  }

  /** The cipher to seal with. Call it only if the negotiation `isDecided`. */
  get cipher(): CipherName {
    if (this.#state.name === "open") throw new Error("no cipher was chosen yet");
    return this.#state.cipher;
  }

  hint({ preferred, onLearned }: CipherHint): void {
    if (preferred !== null && this.candidates.includes(preferred)) this.#fallback = preferred;
    this.#onLearned = onLearned;
  }

  /** The peer has its session and can speak from `now` on. */
  start(now: number): void {
    this.#guessAt = now + CIPHER_WAIT_MS;
  }

  /** When `decideIfDue` guesses; `Infinity` if the cipher is decided. */
  get dueAt(): number {
    return this.isDecided ? Infinity : this.#guessAt;
  }

  /** Guesses if the peer has had its time. Returns whether frames can be sealed. Call it only if output waits. */
  decideIfDue(now: number): boolean {
    if (now >= this.dueAt) this.guess();
    return this.isDecided;
  }

  /** Stops waiting for the peer. */
  guess(): void {
    if (this.#state.name === "open") this.#state = { name: "guessed", cipher: this.#fallback };
  }

  /**
   * A frame of the peer has verified under `cipher`. The choice was not fixed.
   * @throws UsmpError CRYPTO if the guess was another one: the peer could not read what it was sent.
   */
  verified(cipher: CipherName): void {
    const guessed = this.isDecided ? this.cipher : cipher;
    this.#onLearned(cipher);
    if (guessed !== cipher) {
      const message = `the peer uses ${cipher}, and we had to send before its first frame, and guessed ${guessed}: its next session starts with the right one`;
      throw new UsmpError("CRYPTO", message);
    }
    this.#state = { name: "fixed", cipher };
  }

  /** The link ended before any frame verified, so the guess was probably wrong: learns the next candidate. */
  reportPeerGone(): void {
    if (this.#state.name !== "guessed") return;
    const next = (this.candidates.indexOf(this.#state.cipher) + 1) % this.candidates.length;
    this.#onLearned(this.candidates[next] as CipherName);
  }
}
