import { toUsmpError, UsmpErrno, type UsmpError } from "../errors.js";
import { droppedFields, errorFields, type EventLog } from "./event-log.js";
import type { EventMap, EventNames, Listener } from "./guarded-emitter.js";
import { LeavableIterator } from "./leavable-iterator.js";
import { PolledEmitter } from "./polled-emitter.js";
import { warnProcess } from "./process-warning.js";
import { RefusedSends } from "./refused-sends.js";
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
  /**
   * Messages were lost here; `session` is null where they belong to none. A `send`, `sendTo`, `print` or `flush` was refused
   * between `begin()` or `listen()` and the end: fires for the first of a run, within the call, with BUFFER_FULL,
   * NOT_CONNECTED, PAYLOAD_TOO_LARGE or INVALID_ARG. Or the offline queue gave a message up: fires for each, with the reason.
   * Or messages came before anybody listened or read: fires once, with BUFFER_FULL. `stats()` counts them.
   */
  dropped: [reason: UsmpError, session: UsmpSession | null];
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
  #lastError: UsmpError | null = null;
  #warned = false;
  /** Of the sends that no session refused. @internal */
  protected readonly refusedSends = new RefusedSends((reason) => {
    // Before a life and after it nothing is told.
    const { state } = this.currentStatus();
    if (state !== "idle" && state !== "closed") this.tellDropped(reason, null);
  });

  constructor(polled: boolean) {
    super(USMP_EVENTS, polled);
  }

  /** What goes on now. @internal */
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

  /** The C core's number of the last failure, 0 where there was none. */
  lastError(): number {
    return this.#lastError?.errno ?? UsmpErrno.OK;
  }

  /** What the last failure was, and what to do about it. */
  lastErrorString(): string {
    return this.#lastError === null ? "no error" : `${this.#lastError.code}: ${this.#lastError.message}`;
  }

  /** The last failure itself. @internal */
  protected get lastFailure(): UsmpError | null {
    return this.#lastError;
  }

  /** @internal */
  protected note(error: unknown): UsmpError {
    return (this.#lastError = toUsmpError(error));
  }

  /** A send came to nothing, and no session knows of it. @internal */
  protected refuse(error: UsmpError): false {
    this.note(error);
    this.refusedSends.refused(error);
    return false;
  }

  /** Warns the process, once, of a failure to connect that nobody would learn of. @internal */
  protected warnUnheard(reason: UsmpError): void {
    const isHeard = this.#log?.isRead === true || this.hasListeners("error") || this.hasListeners("status");
    if (this.#warned || isHeard) return;
    this.#warned = true;
    warnProcess(
      'a device cannot connect, and nobody listens: call onError(), listen to "status", or give the option "logger". ' +
        `This is said once. The reason: ${reason.message}`,
      { type: "UsmpWarning", code: reason.code },
    );
  }

  /** Where status and errors are told of, beside the listeners. @internal */
  protected logTo(log: EventLog): void {
    this.#log = log;
  }

  /** Where nobody listens it does not take a place among what waits to be polled for. @internal */
  protected tellStatus(status: UsmpStatus): void {
    if (this.#log !== null) logStatus(this.#log, status);
    if (this.hasListeners("status")) this.dispatch("status", status);
  }

  /** Says when, and why, a device tries again, unless a callback has closed, or dialled, meanwhile. Else as `tellStatus`. @internal */
  protected tellReconnecting(): void {
    if (!this.hasListeners("reconnecting")) return;
    const status = this.currentStatus();
    if (status.state === "backoff") this.dispatch("reconnecting", status.delayMs, status.reason);
  }

  /** Logs, and tells, that messages were lost here. @internal */
  protected tellDropped(reason: UsmpError, session: UsmpSession | null): void {
    this.#log?.log("warn", "message.dropped", () => droppedFields(reason, session));
    this.dispatch("dropped", reason, session);
  }

  /** @internal */
  protected override reportError(error: UsmpError): void {
    this.#log?.log("error", "handler.error", () => errorFields(error));
    super.reportError(error);
  }

  /** As `reportError`, for what is in the log already. @internal */
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
