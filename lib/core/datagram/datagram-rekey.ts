import type { CryptoProvider } from "../crypto-provider.js";
import type { DatagramKeys, OpenedDatagram } from "./datagram-keys.js";
import type { ConnectionEvent } from "../events.js";
import type { Frame } from "../wire/frame.js";
import { requireRekeySalt } from "../session/rekey-kdf.js";
import type { RekeyPolicy } from "../session/rekey-policy.js";
import { REKEY_SALT_LENGTH } from "../wire/wire.js";

/** What a rotation works on, all of it the session's. */
export interface RekeyContext {
  readonly crypto: CryptoProvider;
  readonly keys: DatagramKeys;
  readonly policy: RekeyPolicy;
  readonly emit: (event: ConnectionEvent) => void;
}

/** The rotation of a session's keys over datagrams (§7): when this end starts one, and the "rekeyed" of each. */
export class DatagramRekey {
  readonly #context: RekeyContext;
  /** Our REKEY gave way to the peer's: that one fulfils the wish. */
  #merged = false;

  constructor(context: RekeyContext) {
    this.#context = context;
  }

  /** The salt of our REKEY, which leaves next; null where the numbers leave no room for one (§7). */
  start(now: number): Uint8Array | null {
    const { crypto, keys, policy } = this.#context;
    policy.started(now);
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
    const { keys, policy, emit } = this.#context;
    requireRekeySalt(opened.plaintext);
    const awaitedUtack = keys.awaitsUtack;
    const utack = keys.respond(frame, opened);
    policy.rotated(now);
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
