/**
 * The keys of a session over datagrams, and their rotation (§7).
 *
 *     settled --- initiate ---> initiated --- UTACK ---> switched --- first frame under the new key ---> settled
 *        |                         `--- first frame under the new key ----------------------------------^
 *        |                         | REKEY of the peer arrives (crossed)
 *        |                         +-- device: neither acknowledged nor acted on
 *        |                         `-- gateway: drops its own, takes the device's --> responded
 *        `---- respond ---> responded --- first frame under the new key ---> settled
 *
 * `initiated` and `switched` open under both keys, each with a replay window of its own; `responded` opens under the new
 * one alone, and seals under the old one until `switchSending`, so that a message that has begun ends under its own key.
 */
import { copyOf, equalBytes } from "../wire/bytes.js";
import type { Frame } from "../wire/frame.js";
import { inTurn } from "../guarded-crypto.js";
import { madeWith, type HandshakeResult } from "../handshake/key-derivation.js";
import { deriveRekeyed, type Role } from "../session/rekey-kdf.js";
import { ReplayWindow } from "./replay-window.js";
import type { Copied } from "./repeat-allowance.js";
import { OpeningKey, SealingKey, type SealingContext } from "../session/frame-cipher.js";
import { sealedUtack } from "../wire/utack.js";

/** §7: up to this number the peer's duplicate filter, where it is not reset, does not take new frames for old ones. */
const RESTART_BELOW = 64;

/** §7: numbering never passes this; the session ends, and a new one starts. */
const MAX_CARRIED_SEQ = 2 ** 31;

interface Receiving {
  readonly key: OpeningKey;
  readonly window: ReplayWindow;
  /** Frames that were taken under it. */
  frames: number;
}

/** What a new key pair is before this end sends under it. */
interface Prepared {
  readonly tx: Uint8Array;
  readonly rx: Receiving;
}

type State =
  | { readonly name: "settled" }
  | { readonly name: "initiated"; readonly next: Prepared }
  | { readonly name: "switched"; readonly next: Receiving }
  /** `utack` answers the peer's REKEY each time that it comes again, in the bytes of `rekeyFrame`. */
  | { readonly name: "responded"; readonly rekeyFrame: Uint8Array; readonly utack: Uint8Array };

/** A frame that verified. Nothing has changed yet: `take` does that. */
export interface OpenedDatagram {
  readonly plaintext: Uint8Array;
  /** What it is a copy of, null where it is new. */
  readonly copied: Copied | null;
  /** Whose REKEY this is the first frame after, under its key; null for any other frame. */
  readonly confirms: "own" | "peer" | null;
  readonly under: Receiving;
}

export class DatagramKeys {
  readonly #context: SealingContext;
  readonly #role: Role;
  #tx: SealingKey;
  #rx: Receiving;
  /** The key of the peer's REKEY, until a message that has begun is sent under the old one. */
  #nextTx: Uint8Array | null = null;
  #state: State = { name: "settled" };

  /** Takes over the keys of `agreed`. */
  constructor(context: SealingContext, role: Role, { keys }: Pick<HandshakeResult, "keys">) {
    this.#context = context;
    this.#role = role;
    this.#tx = new SealingKey(context, role === "device" ? keys.c2s : keys.s2c);
    this.#rx = this.#receiving(role === "device" ? keys.s2c : keys.c2s);
  }

  /** Seals what is sent now. */
  get tx(): SealingKey {
    return this.#tx;
  }

  /** How many frames have gone under the present keys, in the busier direction; what is on its way out does not count. */
  get frames(): number {
    const { name } = this.#state;
    if (name === "initiated") return 0;
    const sent = this.awaitsSwitch ? 0 : this.#tx.frames;
    return name === "switched" ? sent : Math.max(sent, this.#rx.frames);
  }

  /** Whether a frame has verified under the key of the last REKEY: before that there is no second one. */
  get settled(): boolean {
    return this.#state.name === "settled" && !this.awaitsSwitch;
  }

  /** Whether our REKEY waits for its acknowledgement: nothing else is sent meanwhile. */
  get awaitsUtack(): boolean {
    return this.#state.name === "initiated";
  }

  /** Whether a REKEY of the peer waits for the end of the message that is being sent. */
  get awaitsSwitch(): boolean {
    return this.#nextTx !== null;
  }

  /** Whether the numbers leave room for another rotation (§7). */
  get canRotate(): boolean {
    return this.#tx.nextSeq < MAX_CARRIED_SEQ;
  }

  /** The keys that our REKEY may be acknowledged under: the old one, and the one it leads to. */
  get rekeyUtackKeys(): readonly Uint8Array[] {
    return this.#state.name === "initiated" ? [this.#tx.key, this.#state.next.tx] : [this.#tx.key];
  }

  /** What a frame of this number copies, whichever key it verifies under; null where it may be new under one of them. */
  copied(seq: number): Copied | null {
    const { name } = this.#state;
    // Nothing was taken under the next key yet.
    return name === "initiated" || name === "switched" ? null : copiedUnder(this.#rx, seq);
  }

  /**
   * Opens a session frame; null where no key verifies it, or it is too far behind to be told apart. Changes nothing, but the
   * first one that verifies fixes the cipher.
   * @throws UsmpError CRYPTO where the cipher was guessed wrong.
   */
  open(frame: Frame): OpenedDatagram | null {
    const state = this.#state;
    const opened = openUnder(this.#rx, frame, state.name === "responded" ? "peer" : null);
    if (opened !== null) return opened;
    if (state.name === "initiated") return openUnder(state.next.rx, frame, "own");
    if (state.name === "switched") return openUnder(state.next, frame, "own");
    return null;
  }

  /** Notes that a new frame was taken, and moves on where it is the first under a new key. */
  take(frame: Frame, { under, confirms }: OpenedDatagram): void {
    under.window.mark(frame.seq);
    under.frames++;
    if (confirms === null) return;
    this.acknowledged();
    if (under !== this.#rx) this.#rx.key.wipe();
    this.#rx = under;
    this.#state = { name: "settled" };
  }

  /** The UTACK of a frame that verified. */
  utack({ type, seq }: Frame, { under }: OpenedDatagram): Uint8Array {
    return sealedUtack(this.#context.crypto, under.key.key, type, seq);
  }

  /** The UTACK of a REKEY that was answered before and comes again in the same bytes; null for anything else. */
  utackAgain({ bytes }: Frame): Uint8Array | null {
    const state = this.#state;
    return state.name === "responded" && equalBytes(bytes, state.rekeyFrame) ? state.utack : null;
  }

  /** A REKEY with this salt is about to leave under the old key. The schedule must be settled. */
  initiate(salt: Uint8Array): void {
    const [tx, rx] = deriveRekeyed(this.#context, this.#tx.key, this.#rx.key.key, salt);
    this.#state = { name: "initiated", next: madeWith([tx, rx], () => ({ tx, rx: this.#receiving(rx) })) };
  }

  /** Our REKEY has arrived: from here on this end sends under the new key. */
  acknowledged(): void {
    if (this.#state.name !== "initiated") return;
    const { tx, rx } = this.#state.next;
    this.#sealUnder(tx);
    this.#state = { name: "switched", next: rx };
  }

  /** Whether a verified, new REKEY of the peer is neither to be acknowledged nor to be acted on, however often it comes. */
  ignores({ under }: OpenedDatagram): boolean {
    if (under !== this.#rx) return false;
    const { name } = this.#state;
    // A device's own wins; where the peer has acknowledged ours, this is a late copy of one that it dropped.
    return name === "switched" || (name === "initiated" && this.#role === "device");
  }

  /**
   * Takes a verified, new REKEY of the peer that is not to be ignored, and gives its UTACK. Receives under the new key from
   * here on, and seals under it from `switchSending` on.
   */
  respond(frame: Frame, opened: OpenedDatagram): Uint8Array {
    const state = this.#state;
    if (opened.under === this.#rx && state.name === "initiated") this.#forget(state.next);
    const utack = this.utack(frame, opened);
    this.take(frame, opened);
    // The peer is the initiator: what it sends with is what we receive with.
    const ourTx = this.#nextTx ?? this.#tx.key;
    const [rx, tx] = deriveRekeyed(this.#context, this.#rx.key.key, ourTx, opened.plaintext);
    if (this.#nextTx !== null) this.#context.crypto.wipe(this.#nextTx);
    this.#nextTx = tx;
    this.#rx.key.wipe();
    this.#rx = madeWith([rx], () => this.#receiving(rx));
    this.#state = { name: "responded", rekeyFrame: copyOf(frame.bytes), utack };
    return utack;
  }

  /** Seals under the keys of the peer's REKEY from here on. */
  switchSending(): void {
    if (this.#nextTx === null) return;
    this.#sealUnder(this.#nextTx);
    this.#nextTx = null;
  }

  wipe(): void {
    const state = this.#state;
    const nextTx = this.#nextTx;
    inTurn(
      () => this.#tx.wipe(),
      () => this.#rx.key.wipe(),
      () => nextTx !== null && this.#context.crypto.wipe(nextTx),
      () => state.name === "initiated" && this.#forget(state.next),
      () => state.name === "switched" && state.next.key.wipe(),
    );
  }

  #forget({ tx, rx }: Prepared): void {
    inTurn(
      () => this.#context.crypto.wipe(tx),
      () => rx.key.wipe(),
    );
  }

  #receiving(key: Uint8Array): Receiving {
    return { key: new OpeningKey(this.#context, key), window: new ReplayWindow(), frames: 0 };
  }

  #sealUnder(key: Uint8Array): void {
    const { nextSeq } = this.#tx;
    this.#tx.wipe();
    this.#tx = new SealingKey(this.#context, key, nextSeq <= RESTART_BELOW ? 0 : nextSeq);
  }
}

function openUnder(under: Receiving, frame: Frame, confirms: OpenedDatagram["confirms"]): OpenedDatagram | null {
  if (under.window.judge(frame.seq) === "old") return null;
  const plaintext = under.key.open(frame);
  return plaintext === null ? null : { plaintext, copied: copiedUnder(under, frame.seq), confirms, under };
}

function copiedUnder({ window }: Receiving, seq: number): Copied | null {
  if (window.judge(seq) === "new") return null;
  return seq === window.newest ? "newest" : "older";
}
