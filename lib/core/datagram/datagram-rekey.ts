import type { CryptoProvider } from "../crypto-provider.js";
import type { DatagramKeys, OpenedDatagram } from "./datagram-keys.js";
import type { ConnectionEvent } from "../events.js";
import type { Frame } from "../wire/frame.js";
import { requireRekeySalt } from "../session/rekey-kdf.js";
import type { RekeyPolicy } from "../session/rekey-policy.js";
import { REKEY_SALT_LENGTH } from "../wire/wire.js";

/** What a rotation works on. All of it belongs to the session. */
interface RekeyContext {
  readonly crypto: CryptoProvider;
  readonly keys: DatagramKeys;
  readonly policy: RekeyPolicy;
  readonly emit: (event: ConnectionEvent) => void;
}

/** The rotation of a session's keys over datagrams (§7): the steps of each REKEY, and its "rekeyed" event. */
export class DatagramRekey {
  readonly #context: RekeyContext;
  /** Our REKEY lost to a crossed one of the peer, which serves our request, too. */
  #merged = false;

  constructor(context: RekeyContext) {
    this.#context = context;
  }

  /** Starts our REKEY. Returns its salt (32 bytes), or null if the sequence numbers leave no room for it (§7.5). */
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
   * Takes a verified, new REKEY of the peer that is not to be ignored, and returns its UTACK.
   * @throws UsmpError CRYPTO if its salt does not have 32 bytes.
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

  /** Switches to sealing under the key of the peer's REKEY, if one waits. */
  switchSending(): void {
    const { keys, emit } = this.#context;
    if (!keys.awaitsSwitch) return;
    keys.switchSending();
    emit({ type: "rekeyed", by: this.#merged ? "self" : "peer" });
    this.#merged = false;
  }
}
