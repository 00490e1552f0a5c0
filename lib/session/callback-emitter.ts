import type { UsmpError } from "../errors.js";
import { errorFields, type EventLog } from "./event-log.js";
import type { EventMap, Listener } from "./guarded-emitter.js";
import { LeavableIterator } from "./leavable-iterator.js";
import { PolledEmitter } from "./polled-emitter.js";
import type { UsmpSession } from "./session.js";
import { StatusFeed } from "./status-feed.js";
import { logStatus, type UsmpStatus } from "./status.js";

/** What the facade tells. On a listening one the last argument says whose event it is. */
export interface UsmpEvents extends EventMap {
  connect: [session: UsmpSession];
  reconnect: [session: UsmpSession];
  message: [data: Uint8Array, length: number, session: UsmpSession];
  disconnect: [reason: UsmpError, session: UsmpSession];
  drain: [session: UsmpSession];
  /**
   * A message was given up: one of the offline queue, each with its reason; or, told once, messages that came before anybody
   * listened or read, with BUFFER_FULL.
   */
  dropped: [reason: UsmpError];
  /** A listening facade refused a connection: with AUTH, a device with a wrong key. */
  refused: [reason: UsmpError, remoteAddress: string];
  /** What goes on has changed; told before the callbacks that the change brings about. */
  status: [status: UsmpStatus];
}

/** The callbacks of the Arduino library, and the same events for any number of listeners. */
export abstract class CallbackEmitter extends PolledEmitter<UsmpEvents> {
  #log: EventLog | null = null;

  /** What goes on now. */
  protected abstract currentStatus(): UsmpStatus;

  /** What goes on now, and then each change, up to the end of this life. Leaving the loop, also while it waits, changes nothing. */
  status(): AsyncGenerator<UsmpStatus, void, undefined> {
    const feed = new StatusFeed();
    let begun = false;
    return new LeavableIterator({
      pull: () => {
        if (!begun) {
          begun = true;
          feed.put(this.currentStatus());
          this.on("status", feed.put);
        }
        return feed.take();
      },
      leave: () => {
        this.off("status", feed.put);
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
