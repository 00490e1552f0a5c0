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

/** The events of the facade. On a listening one the last argument is the session of the device that it is about. */
export interface UsmpEvents {
  /**
   * On a device: an attempt to connect failed; another one follows unless the status is "closed". On either side: something
   * failed outside of any call of yours, such as a callback that threw or a key look-up.
   */
  error: [error: UsmpError];
  /** A session is established: the first, or a later one, and then after `reconnect`. */
  connect: [session: UsmpSession];
  /** A session is established, and this life, or on a listening facade this device, had one before. `connect` follows. */
  reconnect: [session: UsmpSession];
  /**
   * A device waits `delayMs` milliseconds and tries again: after the `disconnect` of a lost session, or the `error` of a failed
   * attempt. `attempt` is the number that the next attempt has in `status()`.
   */
  reconnecting: [delayMs: number, reason: UsmpError, attempt: number];
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
  /**
   * A listening facade refused a connection: with AUTH, a device with a wrong key. `deviceId` is the id that it claimed, null if
   * it did not get that far.
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
  /** Delays callbacks until the facade is polled; null: they run at once. */
  readonly queue: PollQueue | null;
  /** Somebody takes messages from now on. */
  readonly onMessageListener: () => void;
}

/** What a facade tells the world: its events, its log, its last error, and the one warning of a device that nobody watches. */
export class FacadeEvents {
  readonly emitter: Emitter<UsmpEvents>;
  /** The sends that no session refused. */
  readonly refusedSends: RefusedSends;
  /** Callbacks under way, which a gateway's end may wait for. */
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
      // Before a life and after it nobody expects a send to work.
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

  /** A send failed that no session knows of. */
  refuse(error: UsmpError): false {
    this.note(error);
    this.refusedSends.refused(error);
    return false;
  }

  /** Warns the process, once, of a failure to connect that nobody would hear of. */
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

  /** The status has changed. */
  changeStatus(status: UsmpStatus): void {
    logStatus(this.#log, status);
    // Without listeners it must not take a place among what waits for a poll.
    if (this.emitter.has("status")) this.emitter.emit("status", status);
  }

  /** Says when, and why, a device tries again, unless a callback has closed, or dialled, meanwhile. */
  announceReconnecting(): void {
    if (!this.emitter.has("reconnecting")) return;
    const status = this.#status();
    if (status.state !== "backoff") return;
    this.emitter.emit("reconnecting", status.delayMs, status.reason, status.attempt + 1);
  }

  /** Messages were lost here. */
  drop(reason: UsmpError, session: UsmpSession | null): void {
    this.#log.log("warn", "message.dropped", () => droppedFields(reason, session));
    this.emitter.emit("dropped", reason, session);
  }

  /** Something failed outside of any call of the user's. */
  fail(error: UsmpError): void {
    this.#log.log("error", "handler.error", () => errorFields(error));
    this.emitter.report(error);
  }

  /** The status now, then each change, up to the end of this life. */
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
