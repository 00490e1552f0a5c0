import { toUsmpError, type UsmpError } from "../errors.js";
import { Emitter, type EventNames } from "./emitter.js";
import { droppedFields, errorFields, type EventLog } from "./event-log.js";
import { LeavableIterator } from "./leavable-iterator.js";
import type { PollQueue } from "./poll-queue.js";
import { warnProcess } from "./process-warning.js";
import { RefusedSends } from "./refused-sends.js";
import { RunningHandlers } from "./running-handlers.js";
import type { UsmpSession } from "./session.js";
import { StatusFeed } from "./status-feed.js";
import { logStatus, type UsmpStatus } from "./status.js";

/**
 * The events of the facade. On a listening facade the last argument is the session of the device that the event is
 * about.
 */
export interface UsmpEvents {
  /**
   * On a device: an attempt to connect failed; another one follows unless the status is "closed". On either side:
   * something failed outside of any call of yours, such as a callback that threw or a key look-up.
   */
  error: [error: UsmpError];
  /** A session is established: the first or a later one. `reconnect` precedes a later one. */
  connect: [session: UsmpSession];
  /**
   * A session is established, and this life had one before; on a listening facade, this device had one before.
   * `connect` follows.
   */
  reconnect: [session: UsmpSession];
  /**
   * A device waits `delayMs` milliseconds and tries again: after the `disconnect` of a lost session, or the `error` of
   * a failed attempt. `attempt` is the number that the next attempt has in `status()`.
   */
  reconnecting: [delayMs: number, reason: UsmpError, attempt: number];
  /** A whole, verified message; `data` is the listener's to keep and to change. */
  message: [data: Uint8Array, length: number, session: UsmpSession];
  /** A session ended. Fires once for each `connect`, also after BYE and after your own `close()`. */
  disconnect: [reason: UsmpError, session: UsmpSession];
  /** A session has room again after it refused a `send` with BUFFER_FULL. */
  drain: [session: UsmpSession];
  /**
   * Messages were lost here; `session` is null if they belong to no session. There are three causes, and `stats()`
   * counts them.
   *
   * A `send`, `sendTo`, `print` or `flush` was refused between `begin()` or `listen()` and the end: fires within the
   * call, for the first of a run, with BUFFER_FULL, NOT_CONNECTED, PAYLOAD_TOO_LARGE or INVALID_ARG.
   *
   * The offline queue gave a message up: fires for each message, with the reason.
   *
   * Messages came before the application had listened or read: fires once, with BUFFER_FULL.
   */
  dropped: [reason: UsmpError, session: UsmpSession | null];
  /**
   * A listening facade refused a connection; a device with a wrong key, for example, with AUTH. `deviceId` is the id
   * that the device claimed; null if it did not get that far.
   */
  refused: [reason: UsmpError, remoteAddress: string, deviceId: string | null];
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

interface FacadeEventsOptions {
  readonly log: EventLog;
  /** The facade's status now. */
  readonly status: () => UsmpStatus;
  /** Delays callbacks until the facade is polled; null runs them at once. */
  readonly queue: PollQueue | null;
  /** Runs when a listener for "message" was added. */
  readonly onMessageListener: () => void;
}

/**
 * The outward side of a facade: its events, its log, its last error, and one warning if a device cannot connect and the
 * program does not listen.
 */
export class FacadeEvents {
  readonly emitter: Emitter<UsmpEvents>;
  /** The sends that were refused before they reached a session. */
  readonly refusedSends: RefusedSends;
  /** The callbacks under way. A gateway that stops may wait for them. */
  readonly running = new RunningHandlers();
  readonly #log: EventLog;
  readonly #status: () => UsmpStatus;
  #lastError: UsmpError | null = null;
  #warned = false;

  constructor({ log, status, queue, onMessageListener }: FacadeEventsOptions) {
    this.#log = log;
    this.#status = status;
    this.emitter = new Emitter<UsmpEvents>(USMP_EVENTS, {
      queue,
      running: this.running,
      onListener: (event) => event === "message" && onMessageListener(),
      onFailure: (error) => this.fail(error),
    });
    this.refusedSends = new RefusedSends((reason) => {
      // Before and after a life, a program does not expect a send to work.
      const { state } = status();
      if (state !== "idle" && state !== "closed") this.drop(reason, null);
    });
  }

  get lastError(): UsmpError | null {
    return this.#lastError;
  }

  /** Keeps what failed as the last error. */
  note(error: unknown): UsmpError {
    return (this.#lastError = toUsmpError(error));
  }

  /** Notes a send that was refused before it reached a session. */
  refuse(error: UsmpError): false {
    this.note(error);
    this.refusedSends.refused(error);
    return false;
  }

  /**
   * Warns the process once that a device cannot connect, if the program has neither a logger nor a listener for "error"
   * or "status".
   */
  warnUnheard(reason: UsmpError): void {
    const isHeard = this.#log.isRead || this.emitter.has("error") || this.emitter.has("status");
    if (this.#warned || isHeard) return;
    this.#warned = true;
    warnProcess(
      'a device cannot connect, and nobody listens: call onError(), listen to "status", or give the option "logger". ' +
        `This is said once. The reason: ${reason.message}`,
      { type: "UsmpWarning", code: reason.code },
    );
  }

  /** Logs and emits the new status. */
  changeStatus(status: UsmpStatus): void {
    logStatus(this.#log, status);
    // Without listeners the event must not take a place in the poll queue.
    if (this.emitter.has("status")) this.emitter.emit("status", status);
  }

  /** Emits "reconnecting", unless a callback has closed or dialled meanwhile. */
  announceReconnecting(): void {
    if (!this.emitter.has("reconnecting")) return;
    const status = this.#status();
    if (status.state !== "backoff") return;
    this.emitter.emit("reconnecting", status.delayMs, status.reason, status.attempt + 1);
  }

  /** Logs and emits a loss of messages. */
  drop(reason: UsmpError, session: UsmpSession | null): void {
    this.#log.log("warn", "message.dropped", () => droppedFields(reason, session));
    this.emitter.emit("dropped", reason, session);
  }

  /** Logs and emits an error outside of any call of the user's. */
  fail(error: UsmpError): void {
    this.#log.log("error", "handler.error", () => errorFields(error));
    this.emitter.report(error);
  }

  /** Yields the status now, then each change, up to the end of this life. */
  iterateStatus(): AsyncGenerator<UsmpStatus, void, undefined> {
    const feed = new StatusFeed();
    let ignore: (() => void) | null = null;
    return new LeavableIterator({
      pull: () => {
        if (ignore === null) {
          feed.put(this.#status());
          ignore = this.emitter.observe("status", feed.put);
        }
        return feed.take();
      },
      leave: () => {
        ignore?.();
        feed.end();
      },
    });
  }
}
