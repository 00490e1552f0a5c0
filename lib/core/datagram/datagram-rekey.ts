import { UsmpError } from "../../errors.js";
import type { CryptoProvider } from "../crypto-provider.js";
import type { DatagramKeys, OpenedDatagram } from "./datagram-keys.js";
import type { ConnectionEvent } from "../events.js";
import type { Frame } from "../wire/frame.js";
import { RekeyPolicy, type RotationOptions } from "../session/rekey-policy.js";
import { REKEY_SALT_LENGTH } from "../wire/wire.js";

/** What a rotation works on, all of it the session's. */
export interface RekeyContext {
  readonly crypto: CryptoProvider;
  readonly keys: DatagramKeys;
  readonly emit: (event: ConnectionEvent) => void;
}

/** The rotation of a session's keys over datagrams (§7): when this end starts one, and the "rekeyed" of each. */
export class DatagramRekey {
  readonly #context: RekeyContext;
  readonly #policy: RekeyPolicy;
  /** Our REKEY gave way to the peer's: that one fulfils the wish. */
  #merged = false;

  /** Null: only when asked to. */
  constructor(context: RekeyContext, options: RotationOptions | null, now: number) {
    this.#context = context;
    this.#policy = new RekeyPolicy(options, now);
  }

  get isWanted(): boolean {
    return this.#policy.isWanted;
  }

  /** The application asks. */
  want(): void {
    this.#policy.want();
  }

  /** Wants one where the keys are old, or much used. */
  judge(now: number): void {
    this.#policy.judge(this.#context.keys.frames, now);
  }

  /** Whether the peer's patience allows our REKEY now. */
  mayStart(now: number): boolean {
    return this.#policy.mayStart(now);
  }

  /** When the next step is due; `Infinity` where a frame has to come first, as what is wanted cannot start (`canStart`). */
  nextDeadline(canStart: boolean): number {
    return this.#policy.nextDeadline(canStart);
  }

  /** The salt of our REKEY, which leaves next; null where the numbers leave no room for one (§7). */
  start(now: number): Uint8Array | null {
    const { crypto, keys } = this.#context;
    this.#policy.started(now);
    if (!keys.canRotate) return null;
    const salt = crypto.randomBytes(REKEY_SALT_LENGTH);
    keys.initiate(salt);
    return salt;
  }

  /** Our REKEY has arrived. */
  arrived(): void {
    this.#context.keys.acknowledged();
    this.#context.emit({ type: "rekeyed", by: "self" });
  }

  /**
   * Takes a verified, new REKEY of the peer that is not to be ignored, and gives its UTACK.
   * @throws UsmpError CRYPTO where its salt has another length.
   */
  respond(frame: Frame, opened: OpenedDatagram, now: number): Uint8Array {
    const { keys, emit } = this.#context;
    const { length } = opened.plaintext;
    if (length !== REKEY_SALT_LENGTH)
      throw new UsmpError("CRYPTO", `REKEY with a salt of ${length} bytes; it has ${REKEY_SALT_LENGTH}`);
    const awaitedUtack = keys.awaitsUtack;
    const utack = keys.respond(frame, opened);
    this.#policy.rotated(now);
    if (awaitedUtack && opened.confirms === "own") emit({ type: "rekeyed", by: "self" });
    else if (awaitedUtack) this.#merged = true;
    return utack;
  }

  /** Seals under the keys of the peer's REKEY from here on, where there is one. */
  switchSending(): void {
    const { keys, emit } = this.#context;
    if (!keys.awaitsSwitch) return;
    keys.switchSending();
    emit({ type: "rekeyed", by: this.#merged ? "self" : "peer" });
    this.#merged = false;
  }
}
