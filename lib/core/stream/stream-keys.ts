/**
 * The keys of a session on a stream, and their rotation (§7).
 *
 *     settled --- initiate ---> initiated --- first frame under the new key ---> settled
 *        |                         | REKEY of the peer arrives (crossed)
 *        |                         +-- client: its own wins; reads what the server sent under the losing key, too
 *        |                         `-- server: drops its own, takes the client's --> responded
 *        `---- respond ---> responded --- first frame under the new key ---> settled
 *
 * In `settled` and `responded` one key opens. In `initiated` the old one does, at its old number, until the first frame
 * verifies under the new one.
 */
import { UsmpError } from "../../errors.js";
import type { Frame } from "../wire/frame.js";
import { inTurn } from "../guarded-crypto.js";
import { madeWith, type HandshakeResult } from "../handshake/key-derivation.js";
import { deriveRekeyed, type Role } from "../session/rekey-kdf.js";
import { OrderedOpeningKey, SealingKey, type SealingContext } from "../session/frame-cipher.js";
import { copySecret } from "../secret-bytes.js";

/** Raw keys, as this end uses them. */
interface KeyBytes {
  readonly tx: Uint8Array;
  readonly rx: Uint8Array;
}

type State =
  | { readonly name: "settled" }
  | { readonly name: "responded" }
  | {
      readonly name: "initiated";
      /** The keys from before either REKEY. Crossed REKEYs both derive from them. */
      readonly origin: KeyBytes;
      /** Replaces `#rx` with the first frame that verifies under it. */
      readonly next: OrderedOpeningKey;
      readonly crossed: boolean;
    };

/** A frame that verified. */
export interface Opened {
  readonly plaintext: Uint8Array;
  /** Whether it is the first frame under a new key. */
  readonly firstUnderNewKey: boolean;
}

export class StreamKeys {
  readonly #context: SealingContext;
  readonly #role: Role;
  #tx: SealingKey;
  #rx: OrderedOpeningKey;
  #state: State = { name: "settled" };

  /** Takes over the keys of `agreed`. */
  constructor(context: SealingContext, role: Role, { keys }: Pick<HandshakeResult, "keys">) {
    this.#context = context;
    this.#role = role;
    this.#tx = new SealingKey(context, role === "device" ? keys.c2s : keys.s2c);
    this.#rx = new OrderedOpeningKey(context, role === "device" ? keys.s2c : keys.c2s);
  }

  /** The key to seal with. */
  get tx(): SealingKey {
    return this.#tx;
  }

  /** How many frames the present keys have sealed or opened, in the busier direction. */
  get frames(): number {
    const received = this.#state.name === "initiated" ? 0 : this.#rx.expectedSeq;
    return Math.max(this.#tx.nextSeq, received);
  }

  /** Whether a frame has verified under the key of the last REKEY. Until then no second REKEY may start. */
  get settled(): boolean {
    return this.#state.name === "settled";
  }

  /**
   * Opens a session frame. The first one under a new key retires the old key.
   * @throws UsmpError SEQUENCE if no key expects its number; CRYPTO if the key that does cannot verify it.
   */
  open(frame: Frame): Opened {
    const plaintext = this.#rx.open(frame);
    if (plaintext !== null) {
      const firstUnderNewKey = this.#state.name === "responded";
      if (firstUnderNewKey) this.#state = { name: "settled" };
      return { plaintext, firstUnderNewKey };
    }
    const state = this.#state;
    if (state.name === "initiated") {
      const underNext = state.next.open(frame);
      if (underNext !== null) {
        this.#rx.wipe();
        this.#rx = state.next;
        this.#forgetOrigin(state.origin);
        this.#state = { name: "settled" };
        return { plaintext: underNext, firstUnderNewKey: true };
      }
    }
    throw this.#refusal(frame.seq);
  }

  /** Switches to the keys of our REKEY (`salt`: 32 bytes), just sealed under the old key. Call it if `settled`. */
  initiate(salt: Uint8Array): void {
    const origin: KeyBytes = { tx: copySecret(this.#tx.key), rx: copySecret(this.#rx.key) };
    madeWith([origin.tx, origin.rx], () => {
      const [tx, rx] = deriveRekeyed(this.#context, origin.tx, origin.rx, salt);
      madeWith([tx, rx], () => {
        this.#tx.wipe();
        this.#tx = new SealingKey(this.#context, tx);
        this.#state = { name: "initiated", origin, next: new OrderedOpeningKey(this.#context, rx), crossed: false };
      });
    });
  }

  /**
   * Takes the salt (32 bytes) of a verified REKEY of the peer. Returns whether this end now sends under that REKEY's
   * keys.
   * @throws UsmpError CRYPTO for a second one while ours is not settled: no peer may send it.
   */
  respond(salt: Uint8Array): boolean {
    const state = this.#state;
    if (state.name !== "initiated") {
      // The peer is the initiator: its send key is our receive key.
      const [rx, tx] = deriveRekeyed(this.#context, this.#rx.key, this.#tx.key, salt);
      this.#replaceBoth(tx, rx);
      return true;
    }
    if (state.crossed) throw new UsmpError("CRYPTO", "the peer sent a second REKEY before the first was settled");
    const [peerTx, peerRx] = deriveRekeyed(this.#context, state.origin.rx, state.origin.tx, salt);
    return madeWith([peerTx, peerRx], () => this.#respondCrossed(state, peerTx, peerRx));
  }

  #respondCrossed(state: State & { name: "initiated" }, peerTx: Uint8Array, peerRx: Uint8Array): boolean {
    if (this.#role === "gateway") {
      state.next.wipe();
      this.#forgetOrigin(state.origin);
      this.#replaceBoth(peerRx, peerTx);
      return true;
    }
    // Ours wins, but the server may have sent frames under its own new key before it saw ours.
    this.#context.crypto.wipe(peerRx);
    this.#rx.wipe();
    this.#rx = new OrderedOpeningKey(this.#context, peerTx);
    this.#state = { ...state, crossed: true };
    return false;
  }

  wipe(): void {
    const state = this.#state;
    inTurn(
      () => this.#tx.wipe(),
      () => this.#rx.wipe(),
      () => state.name === "initiated" && state.next.wipe(),
      () => state.name === "initiated" && this.#forgetOrigin(state.origin),
    );
  }

  #replaceBoth(tx: Uint8Array, rx: Uint8Array): void {
    madeWith([tx, rx], () => {
      this.#tx.wipe();
      this.#rx.wipe();
      this.#tx = new SealingKey(this.#context, tx);
      this.#rx = new OrderedOpeningKey(this.#context, rx);
      this.#state = { name: "responded" };
    });
  }

  #forgetOrigin(origin: KeyBytes): void {
    inTurn(
      () => this.#context.crypto.wipe(origin.tx),
      () => this.#context.crypto.wipe(origin.rx),
    );
  }

  #refusal(seq: number): UsmpError {
    const expected = [this.#rx.expectedSeq];
    if (this.#state.name === "initiated") expected.push(this.#state.next.expectedSeq);
    if (expected.includes(seq))
      return new UsmpError(
        "CRYPTO",
        `frame ${seq} does not verify: it was forged or damaged, or the ends use different ciphers`,
      );
    return new UsmpError(
      "SEQUENCE",
      `frame ${seq} arrived instead of ${expected.join(" or ")}: one was lost, repeated or forged`,
    );
  }
}
