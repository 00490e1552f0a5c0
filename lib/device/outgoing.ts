import { requireMessageLength } from "../core/session/session-options.js";
import { isUsmpError, UsmpError } from "../errors.js";
import { sendAborted } from "../session/pending-sends.js";
import type { RefusedSends } from "../session/refused-sends.js";
import type { OwnedSession, UsmpSession } from "../session/session.js";
import type { OfflineQueue } from "./offline-queue.js";

interface OutgoingOptions {
  /** Holds messages while there is no session; null refuses them. */
  readonly queue: OfflineQueue | null;
  /** The established session, or null. */
  readonly session: () => OwnedSession | null;
  /** Whether a session may still come. */
  readonly isActive: () => boolean;
  /** A held message was given up, with the reason. */
  readonly onDropped: (reason: UsmpError) => void;
  /** The sends that were refused before they reached a session, which counts its own. */
  readonly refusedSends: RefusedSends;
}

/**
 * Sends a device's messages over all its sessions. After a reconnect, the order is: messages from the new session's
 * callbacks, then the held ones, then later ones. A message that was sealed is never sent again.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** The callbacks of a new session are running: their messages go ahead of the held ones. */
  #greeting = false;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Sends a message (borrowed), or holds a copy. Returns null, or the reason if it can do neither. */
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
   * Resolves when the network has taken the message; if the message was held, when it is sealed. Rejects if the message
   * was given up. `signal` withdraws a message that is held, or waits for room.
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
      // Must precede hold(): a full queue may give the message up at once.
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

  /** Call this before the callbacks of a new session run. */
  beginConnectCallbacks(): void {
    this.#greeting = true;
  }

  /** Sends the held messages, in order. Call this after those callbacks, and when the session has room again. */
  flush(): void {
    this.#greeting = false;
    const session = this.#options.session();
    if (session !== null) this.#options.queue?.flush((message) => session.offer(message));
  }

  /** Gives up the held messages: no session will come. */
  giveUp(reason: UsmpError): void {
    this.#options.queue?.clear(reason);
  }

  /** The session, unless held messages have to go first. */
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
