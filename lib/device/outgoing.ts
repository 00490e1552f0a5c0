import { requireMessageLength } from "../core/session/session-options.js";
import { isUsmpError, UsmpError } from "../errors.js";
import { sendAborted } from "../session/pending-sends.js";
import type { RefusedSends } from "../session/refused-sends.js";
import type { OwnedSession, UsmpSession } from "../session/session.js";
import type { OfflineQueue } from "./offline-queue.js";

interface OutgoingOptions {
  /** Holds messages while there is no session; null: they are refused. */
  readonly queue: OfflineQueue | null;
  /** The established session, or null. */
  readonly session: () => OwnedSession | null;
  /** Whether a session may still come. */
  readonly isActive: () => boolean;
  /** A held message was given up. */
  readonly onDropped: (reason: UsmpError) => void;
  /** Of the sends that no session refused: it counts its own. */
  readonly refusedSends: RefusedSends;
}

/**
 * What a device sends, through all its sessions. The order after a reconnect: what the callbacks of the new session send,
 * then what was held, then what is sent later. A message that was sealed is never sent again.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** The callbacks of a new session are being told: what they send goes ahead of what was held. */
  #greeting = false;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Sends a message (borrowed), or holds a copy; the reason where it can do neither, null where it could. */
  send(message: Uint8Array): UsmpError | null {
    const { refusedSends, onDropped } = this.#options;
    const session = this.#direct();
    if (session !== null && !session.send(message)) return session.lastError;
    const refused = session === null ? this.#hold(message, () => {}, onDropped) : null;
    if (refused === null) refusedSends.taken();
    else refusedSends.refused(refused);
    return refused;
  }

  /**
   * Resolves when the network has taken the message, or if it was held, when it is sealed; rejects if it was given up. `signal`
   * withdraws a message that is held, or waits for room.
   */
  sendAsync(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(sendAborted(signal));
    const session = this.#direct();
    if (session !== null) return session.sendAsync(message, { signal });
    return new Promise((resolve, reject) => {
      let withdraw = (): boolean => false;
      const onAbort = (): void => {
        settle();
        if (withdraw()) reject(sendAborted(signal));
      };
      const settle = (): void => signal?.removeEventListener("abort", onAbort);
      // Before the message is held: a full queue may give it up at once.
      signal?.addEventListener("abort", onAbort);
      const sent = (): void => (settle(), resolve());
      const dropped = (reason: UsmpError): void => {
        settle();
        this.#options.onDropped(reason);
        reject(reason);
      };
      const refused = this.#hold(message, sent, dropped, (given) => (withdraw = given));
      if (refused === null) return;
      settle();
      reject(refused);
    });
  }

  /** A new session is about to be told. */
  beginConnectCallbacks(): void {
    this.#greeting = true;
  }

  /** It has been told, or has room again: sends what is held, in order. */
  flush(): void {
    this.#greeting = false;
    const session = this.#options.session();
    if (session !== null) this.#options.queue?.flush((message) => session.offer(message));
  }

  /** No session will come: gives up what is held. */
  giveUp(reason: UsmpError): void {
    this.#options.queue?.clear(reason);
  }

  /** The session, where nothing that is held has to go first. */
  #direct(): UsmpSession | null {
    const { queue, session } = this.#options;
    return this.#greeting || queue === null || queue.length === 0 ? (session()?.session ?? null) : null;
  }

  #hold(
    message: Uint8Array,
    sent: () => void,
    dropped: (reason: UsmpError) => void,
    held: (withdraw: () => boolean) => void = () => {},
  ): UsmpError | null {
    const { queue, isActive } = this.#options;
    if (queue === null || !isActive()) return new UsmpError("NOT_CONNECTED", "there is no session to send on");
    try {
      requireMessageLength(message.length);
      held(queue.hold(message, { sent, dropped }));
      return null;
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      return error;
    }
  }
}
