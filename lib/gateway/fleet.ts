import { UsmpError } from "../errors.js";
import type { AnyAcceptor } from "../transport/transport.js";
import type { RunningHandlers } from "../session/running-handlers.js";
import type { SessionTotals } from "../session/stats.js";
import type { UsmpSession } from "../session/session.js";
import { UsmpServer, type ListeningAddress, type StopOptions, type UsmpServerOptions } from "./server.js";

export interface FleetHandlers {
  /** A device has a session; `again` where it had one before. */
  onConnect(session: UsmpSession, again: boolean): void;
  onDisconnect(reason: UsmpError, session: UsmpSession): void;
  onMessage(data: Uint8Array, session: UsmpSession): void;
  onDrain(session: UsmpSession): void;
  onDropped(reason: UsmpError, session: UsmpSession): void;
  onRefused(reason: UsmpError, remoteAddress: string): void;
  onError(error: UsmpError): void;
  /** Whether anybody takes messages: else they wait for the session's own readers. */
  wantsMessages(): boolean;
}

/** A gateway in callback style: the events of all its devices in one place. */
export class Fleet {
  readonly #server: UsmpServer;
  readonly #handlers: FleetHandlers;
  readonly #polled: boolean;
  #paused = false;

  /** `polled`: messages wait in their session's queue until `readOut`. `totals`: where sessions are counted. */
  constructor(options: UsmpServerOptions, polled: boolean, totals: SessionTotals, handlers: FleetHandlers) {
    this.#server = new UsmpServer(options);
    this.#server.countIn(totals);
    this.#polled = polled;
    this.#handlers = handlers;
    this.#server.observe("session", (session, again) => this.#welcome(session, again));
    this.#server.observe("refused", (reason, remoteAddress) => handlers.onRefused(reason, remoteAddress));
    this.#server.observe("error", (error) => handlers.onError(error));
  }

  /** As {@link UsmpServer.listen}, but with no default of its own. Rejects with INVALID_ARG for what is no transport. */
  async listen(acceptors: readonly AnyAcceptor[]): Promise<ListeningAddress[]> {
    if (acceptors.length === 0) {
      throw new UsmpError("INVALID_ARG", 'listen() needs a transport to listen on, such as Usmp.TCP("0.0.0.0")');
    }
    return this.#server.listen(...acceptors);
  }

  stop(options: StopOptions): Promise<void> {
    return this.#server.stop(options);
  }

  /** Callbacks under way, which `stop` waits for. */
  get handlers(): RunningHandlers {
    return this.#server.handlers;
  }

  sessions(): UsmpSession[] {
    return this.#server.sessions();
  }

  session(deviceId: string): UsmpSession | null {
    return this.#server.session(deviceId);
  }

  unref(): void {
    this.#server.unref();
  }

  /** Somebody takes messages from now on. */
  listenToAll(): void {
    for (const session of this.sessions()) this.#listenTo(session);
  }

  /** Takes no more messages, from nobody; what is not read stops the devices' sending in the end. */
  pause(): void {
    this.#paused = true;
    for (const session of this.sessions()) session.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const session of this.sessions()) session.resume();
  }

  /** Passes on what waits in a session's queue, where it is polled for and somebody takes it. */
  readOut(session: UsmpSession): void {
    // Asked each time: a callback may be the last, or pause.
    while (this.#polled && !this.#paused && this.#handlers.wantsMessages()) {
      const data = session.read();
      if (data === null) return;
      this.#handlers.onMessage(data, session);
    }
  }

  #welcome(session: UsmpSession, again: boolean): void {
    session.observe("drain", () => this.#handlers.onDrain(session));
    session.observe("dropped", (reason) => this.#handlers.onDropped(reason, session));
    session.observe("close", (reason) => this.#handlers.onDisconnect(reason, session));
    if (!this.#polled) session.passMessagesTo((data) => this.#pass(data, session));
    if (this.#paused) session.pause();
    if (this.#handlers.wantsMessages()) this.#listenTo(session);
    this.#handlers.onConnect(session, again);
  }

  #listenTo(session: UsmpSession): void {
    if (this.#polled) {
      // Marks interest: a full queue stops the device from now on, and nothing is dropped.
      session.available();
    } else {
      session.outletListens();
    }
  }

  /** False where nobody takes messages now: then the session keeps it for its own readers. */
  #pass(data: Uint8Array, session: UsmpSession): boolean {
    if (!this.#handlers.wantsMessages()) return false;
    this.#handlers.onMessage(data, session);
    return true;
  }
}
