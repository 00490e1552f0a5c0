import type { UsmpError } from "../errors.js";
import { errorFields, type EventLog } from "./event-log.js";
import type { EventMap, EventNames, Listener } from "./guarded-emitter.js";
import { LeavableIterator } from "./leavable-iterator.js";
import { PolledEmitter } from "./polled-emitter.js";
import type { UsmpSession } from "./session.js";
import { StatusFeed } from "./status-feed.js";
import { logStatus, type UsmpStatus } from "./status.js";

/** The events of the facade. On a listening one the last argument is the session of the device that it is about. */
export interface UsmpEvents extends EventMap {
  /**
   * On a device: an attempt to connect failed; another one follows unless the status is "closed". On either side: something
   * failed outside of any call of yours, such as a callback that threw or a key look-up.
   */
  error: [error: UsmpError];
  /** A session is established: the first, or a later one, and then after `reconnect`. */
  connect: [session: UsmpSession];
  /** A session is established, and this life, or on a listening facade this device, had one before. `connect` follows. */
  reconnect: [session: UsmpSession];
  /** A device waits `delayMs` milliseconds and tries again: after the `disconnect` of a lost session, or the `error` of a failed attempt. */
  reconnecting: [delayMs: number, reason: UsmpError];
  /** A whole, verified message; `data` is the listener's to keep and to change. */
  message: [data: Uint8Array, length: number, session: UsmpSession];
  /** A session ended: once for each `connect`, also with BYE and with one's own `close()`. */
  disconnect: [reason: UsmpError, session: UsmpSession];
  /** A session has room again after a `send` was refused for want of it. */
  drain: [session: UsmpSession];
  /** Messages were lost here: one that the offline queue gave up, each with its reason; or messages that came before anybody listened or read, once, with BUFFER_FULL. */
  dropped: [reason: UsmpError];
  /** A listening facade refused a connection: with AUTH, a device with a wrong key. */
  refused: [reason: UsmpError, remoteAddress: string];
  /** The status has changed; fires before the callbacks that the change brings about. */
  status: [status: UsmpStatus];
}

const USMP_EVENTS: EventNames<UsmpEvents> = {
  connect: true,
  disconnect: true,
  drain: true,
  dropped: true,
  error: true,
  message: true,
  reconnect: true,
  reconnecting: true,
  refused: true,
  status: true,
};

/** The callbacks of the Arduino library, and the same events for any number of listeners. */
export abstract class CallbackEmitter extends PolledEmitter<UsmpEvents> {
  #log: EventLog | null = null;

  constructor(polled: boolean) {
    super(USMP_EVENTS, polled);
  }

  /** What goes on now. */
  protected abstract currentStatus(): UsmpStatus;

  /** What goes on now, and then each change, up to the end of this life. Leaving the loop, also while it waits, changes nothing. */
  status(): AsyncGenerator<UsmpStatus, void, undefined> {
    const feed = new StatusFeed();
    let ignore: (() => void) | null = null;
    return new LeavableIterator({
      pull: () => {
        if (ignore === null) {
          feed.put(this.currentStatus());
          ignore = this.observe("status", feed.put);
        }
        return feed.take();
      },
      leave: () => {
        ignore?.();
        feed.end();
      },
    });
  }

  /** Where status and errors are told of, beside the listeners. */
  protected logTo(log: EventLog): void {
    this.#log = log;
  }

  /** Where nobody listens it does not take a place among what waits to be polled for. */
  protected tellStatus(status: UsmpStatus): void {
    if (this.#log !== null) logStatus(this.#log, status);
    if (this.hasListeners("status")) this.dispatch("status", status);
  }

  /** Says when, and why, a device tries again, unless a callback has closed, or dialled, meanwhile. Else as `tellStatus`. */
  protected tellReconnecting(): void {
    if (!this.hasListeners("reconnecting")) return;
    const status = this.currentStatus();
    if (status.state === "backoff") this.dispatch("reconnecting", status.delayMs, status.reason);
  }

  protected override reportError(error: UsmpError): void {
    this.#log?.log("error", "handler.error", () => errorFields(error));
    super.reportError(error);
  }

  /** As `reportError`, for what is in the log already. */
  protected reportLogged(error: UsmpError): void {
    super.reportError(error);
  }

  /** Sets the callback for every established session, the first and each later one; null clears it. */
  onConnect(callback: Listener<UsmpEvents["connect"]> | null): void {
    this.setCallback("connect", callback);
  }

  /** Sets the callback for each session but the first of a life; it runs before `onConnect`. Null clears it. */
  onReconnect(callback: Listener<UsmpEvents["reconnect"]> | null): void {
    this.setCallback("reconnect", callback);
  }

  /** Sets the callback for each whole, verified message; `data` is the callback's to keep. Null clears it. */
  onMessage(callback: Listener<UsmpEvents["message"]> | null): void {
    this.setCallback("message", callback);
  }

  /** Sets the callback for the end of each session, with the reason, also for one's own `close()`. Null clears it. */
  onDisconnect(callback: Listener<UsmpEvents["disconnect"]> | null): void {
    this.setCallback("disconnect", callback);
  }

  /** Sets the callback for failed attempts and for callbacks that failed; null clears it. */
  onError(callback: Listener<UsmpEvents["error"]> | null): void {
    this.setCallback("error", callback);
  }
}
