import type { UsmpError } from "../errors.js";
import type { EventMap, Listener } from "./guarded-emitter.js";
import { PolledEmitter } from "./polled-emitter.js";
import type { UsmpSession } from "./session.js";

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
}

/** The callbacks of the Arduino library, and the same events for any number of listeners. */
export abstract class CallbackEmitter extends PolledEmitter<UsmpEvents> {
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
