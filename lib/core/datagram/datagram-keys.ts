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
 * `initiated` and `switched` open under both keys, each with a replay window of its own. `responded` opens under the
 * new key alone, and seals under the old one until `switchSending`, so that a message that has begun ends under its own
 * key.
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

/** Up to this number we restart at 0 (§7.5): a duplicate filter that is not reset still takes the frames for new. */
const RESTART_BELOW = 64;

/** Sequence numbers never pass this (§7.5): the session ends instead, and the device reconnects. */
const MAX_CARRIED_SEQ = 2 ** 31;

interface Receiving {
  readonly key: OpeningKey;
  readonly window: ReplayWindow;
  /** Frames taken under this key. */
  frames: number;
}

/** A new key pair, before this end sends under it. */
interface Prepared {
  readonly tx: Uint8Array;
  readonly rx: Receiving;
}

type State =
  | { readonly name: "settled" }
  | { readonly name: "initiated"; readonly next: Prepared }
  | { readonly name: "switched"; readonly next: Receiving }
  /** `utack` answers the peer's REKEY each time it is retransmitted with the same bytes, `rekeyFrame`. */
  | { readonly name: "responded"; readonly rekeyFrame: Uint8Array; readonly utack: Uint8Array };

/** A frame that verified. Nothing has changed yet: see `take`. */
export interface OpenedDatagram {
  readonly plaintext: Uint8Array;
  /** Which frame it repeats; null if it is new. */
  readonly copied: Copied | null;
  /** Whose REKEY it confirms, as the first frame under that key; null for any other frame. */
  readonly confirms: "own" | "peer" | null;
  readonly under: Receiving;
}

export class DatagramKeys {
  readonly #context: SealingContext;
  readonly #role: Role;
  #tx: SealingKey;
  #rx: Receiving;
  /** Our send key from the peer's REKEY, until a message that has begun has left under the old one. */
  #nextTx: Uint8Array | null = null;
  #state: State = { name: "settled" };

  /** Takes over the keys of `agreed`. */
  constructor(context: SealingContext, role: Role, { keys }: Pick<HandshakeResult, "keys">) {
    this.#context = context;
    this.#role = role;
    this.#tx = new SealingKey(context, role === "device" ? keys.c2s : keys.s2c);
    this.#rx = this.#receiving(role === "device" ? keys.s2c : keys.c2s);
  }

  /** The key to seal with. */
  get tx(): SealingKey {
    return this.#tx;
  }

  /** How many frames the present keys have sealed or opened, in the busier direction. Retiring keys do not count. */
  get frames(): number {
    const { name } = this.#state;
    if (name === "initiated") return 0;
    const sent = this.awaitsSwitch ? 0 : this.#tx.frames;
    return name === "switched" ? sent : Math.max(sent, this.#rx.frames);
  }

  /** Whether a frame has verified under the key of the last REKEY. Until then no second REKEY may start. */
  get settled(): boolean {
    return this.#state.name === "settled" && !this.awaitsSwitch;
  }

  /** Whether our REKEY waits for its acknowledgement. Meanwhile this end sends nothing else. */
  get awaitsUtack(): boolean {
    return this.#state.name === "initiated";
  }

  /** Whether the send key of the peer's REKEY waits for the end of the present message. */
  get awaitsSwitch(): boolean {
    return this.#nextTx !== null;
  }

  /** Whether the sequence numbers leave room for another rotation (§7.5). */
  get canRotate(): boolean {
    return this.#tx.nextSeq < MAX_CARRIED_SEQ;
  }

  /** The keys that a UTACK of our REKEY may use: the old one, and the one it leads to. */
  get rekeyUtackKeys(): readonly Uint8Array[] {
    return this.#state.name === "initiated" ? [this.#tx.key, this.#state.next.tx] : [this.#tx.key];
  }

  /** Which frame one with this number repeats, under every key that may open it; null if it may be new under one. */
  copied(seq: number): Copied | null {
    const { name } = this.#state;
    // No frame was taken under the next key yet.
    return name === "initiated" || name === "switched" ? null : copiedUnder(this.#rx, seq);
  }

  /**
   * Opens a session frame. Null if no key verifies it, or its number is behind the replay window. Changes nothing,
   * except that the first frame that verifies fixes the cipher.
   * @throws UsmpError CRYPTO if the cipher was guessed wrong.
   */
  open(frame: Frame): OpenedDatagram | null {
    const state = this.#state;
    const opened = openUnder(this.#rx, frame, state.name === "responded" ? "peer" : null);
    if (opened !== null) return opened;
    if (state.name === "initiated") return openUnder(state.next.rx, frame, "own");
    if (state.name === "switched") return openUnder(state.next, frame, "own");
    return null;
  }

  /** Marks a new frame as taken. The first one under a new key retires the old key. */
  take(frame: Frame, { under, confirms }: OpenedDatagram): void {
    under.window.mark(frame.seq);
    under.frames++;
    if (confirms === null) return;
    this.acknowledged();
    if (under !== this.#rx) this.#rx.key.wipe();
    this.#rx = under;
    this.#state = { name: "settled" };
  }

  /** Builds the UTACK of a frame that verified. */
  utack({ type, seq }: Frame, { under }: OpenedDatagram): Uint8Array {
    return sealedUtack(this.#context.crypto, under.key.key, type, seq);
  }

  /** The UTACK of a REKEY that is retransmitted with the same bytes; null for any other frame. */
  utackAgain({ bytes }: Frame): Uint8Array | null {
    const state = this.#state;
    return state.name === "responded" && equalBytes(bytes, state.rekeyFrame) ? state.utack : null;
  }

  /** Derives the keys of our REKEY (`salt`, 32 bytes), which leaves under the old key. Call it if `settled`. */
  initiate(salt: Uint8Array): void {
    const [tx, rx] = deriveRekeyed(this.#context, this.#tx.key, this.#rx.key.key, salt);
    this.#state = { name: "initiated", next: madeWith([tx, rx], () => ({ tx, rx: this.#receiving(rx) })) };
  }

  /** Our REKEY has arrived: switches to sending under the new key. */
  acknowledged(): void {
    if (this.#state.name !== "initiated") return;
    const { tx, rx } = this.#state.next;
    this.#sealUnder(tx);
    this.#state = { name: "switched", next: rx };
  }

  /** Whether to drop a verified, new REKEY of the peer without an acknowledgement, however often it comes (§7.4). */
  ignores({ under }: OpenedDatagram): boolean {
    if (under !== this.#rx) return false;
    const { name } = this.#state;
    // A device's own REKEY wins. If the peer has acknowledged ours, this is a late copy of one that it dropped.
    return name === "switched" || (name === "initiated" && this.#role === "device");
  }

  /**
   * Takes a verified, new REKEY of the peer that is not to be ignored, and returns its UTACK. Receives under the new
   * key at once, and seals under it from `switchSending` on.
   */
  respond(frame: Frame, opened: OpenedDatagram): Uint8Array {
    const state = this.#state;
    if (opened.under === this.#rx && state.name === "initiated") this.#forget(state.next);
    const utack = this.utack(frame, opened);
    this.take(frame, opened);
    // The peer is the initiator: its send key is our receive key.
    const ourTx = this.#nextTx ?? this.#tx.key;
    const [rx, tx] = deriveRekeyed(this.#context, this.#rx.key.key, ourTx, opened.plaintext);
    madeWith([rx, tx], () => {
      if (this.#nextTx !== null) this.#context.crypto.wipe(this.#nextTx);
      this.#nextTx = tx;
      this.#rx.key.wipe();
      this.#rx = this.#receiving(rx);
    });
    this.#state = { name: "responded", rekeyFrame: copyOf(frame.bytes), utack };
    return utack;
  }

  /** Switches to sealing under the key of the peer's REKEY, if one waits. */
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
