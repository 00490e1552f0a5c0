/**
 * Which cipher a session speaks, where its gateway accepts more than one (§4). Both directions share it.
 *
 *     open --- a frame verifies -----------------------------------------------------------> fixed
 *      `------ something is to be sent, and none came for 500 ms ---> guessed --- verifies --^
 *                                                                       `-- under another: CRYPTO
 *
 * A guess that was wrong costs its session, never the next one: what showed it wrong is learned.
 */
import { UsmpError } from "../../errors.js";
import type { CipherName } from "../crypto-provider.js";

/** How long what is to be sent waits for a frame of the peer. A device that speaks first does so within a round trip. */
export const CIPHER_WAIT_MS = 500;

type State =
  | { readonly name: "open" }
  | { readonly name: "guessed"; readonly cipher: CipherName }
  | { readonly name: "fixed"; readonly cipher: CipherName };

/** What is known of a peer before it has spoken. */
export interface CipherHint {
  /** To be taken where it has to be guessed, if it is a candidate. */
  readonly preferred: CipherName | null;
  /** Told what the peer speaks, or, where a guess seems to be wrong, what to guess the next time. */
  readonly onLearned: (cipher: CipherName) => void;
}

export class CipherNegotiation {
  readonly candidates: readonly CipherName[];
  #state: State = { name: "open" };
  #fallback: CipherName;
  #onLearned: (cipher: CipherName) => void = () => {};
  #guessAt = Infinity;

  /** `candidates`: at least one; the first is the fallback where nothing is preferred. A single one is no choice: fixed. */
  constructor(candidates: readonly [CipherName, ...CipherName[]]) {
    this.candidates = candidates;
    this.#fallback = candidates[0];
    if (candidates.length === 1) this.#state = { name: "fixed", cipher: this.#fallback };
  }

  /** A choice as it is, and a cipher as one without alternative. */
  static of(given: CipherName | CipherNegotiation): CipherNegotiation {
    return typeof given === "string" ? new CipherNegotiation([given]) : given;
  }

  /** Whether frames can be sealed. */
  get isDecided(): boolean {
    return this.#state.name !== "open";
  }

  /** Whether a frame has verified, or there never was a choice: all others are sealed alike. */
  get isFixed(): boolean {
    return this.#state.name === "fixed";
  }

  /** What is sealed with. There is one where the choice `isDecided`. */
  get cipher(): CipherName {
    if (this.#state.name === "open") throw new Error("no cipher was chosen yet");
    return this.#state.cipher;
  }

  hint({ preferred, onLearned }: CipherHint): void {
    if (preferred !== null && this.candidates.includes(preferred)) this.#fallback = preferred;
    this.#onLearned = onLearned;
  }

  /** The peer has its session from now on, and could speak. */
  start(now: number): void {
    this.#guessAt = now + CIPHER_WAIT_MS;
  }

  /** When `decideIfDue` may change by itself; `Infinity` where it does not. */
  get dueAt(): number {
    return this.isDecided ? Infinity : this.#guessAt;
  }

  /** Asked when something is to be sent: whether it can be sealed. Guesses where the peer has had its time. */
  decideIfDue(now: number): boolean {
    if (now >= this.dueAt) this.guess();
    return this.isDecided;
  }

  /** Waits no longer. */
  guess(): void {
    if (this.#state.name === "open") this.#state = { name: "guessed", cipher: this.#fallback };
  }

  /**
   * A frame of the peer has verified under `cipher`; the choice is not fixed.
   * @throws UsmpError CRYPTO where another one was guessed: the peer could read nothing of what it was sent.
   */
  verified(cipher: CipherName): void {
    const guessed = this.isDecided ? this.cipher : cipher;
    this.#onLearned(cipher);
    if (guessed !== cipher) {
      const message = `the peer speaks ${cipher}, and was sent ${guessed} before it had said anything: its next session starts with the right one`;
      throw new UsmpError("CRYPTO", message);
    }
    this.#state = { name: "fixed", cipher };
  }

  /** The peer went away over what it was sent, and had said nothing: another guess is for the next time. */
  reportPeerGone(): void {
    if (this.#state.name !== "guessed") return;
    const next = (this.candidates.indexOf(this.#state.cipher) + 1) % this.candidates.length;
    this.#onLearned(this.candidates[next] as CipherName);
  }
}
