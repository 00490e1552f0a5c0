import type { Clock, Timer } from "../core/clock.js";
import type { Connection, SendTicket } from "../core/connection.js";
import type { SessionRequest } from "../core/events.js";
import { UsmpError } from "../errors.js";
import type { Link, LinkHandlers } from "../transport/transport.js";
import type { HandshakeHandlers, SessionHandlers } from "./driver-handlers.js";
import { LinkWriter } from "./link-writer.js";
import { PendingSends } from "./pending-sends.js";
import type { SessionStats } from "./stats.js";

/**
 * At this many bytes the output is written at once rather than at the end of the turn, so that a long synchronous burst
 * keeps the network busy.
 */
const FLUSH_AT_BYTES = 32_768;

/** From this many times `maxUnsentBytes` on, the peer plainly does not read. Its PINGs are answered once it reads. */
const CONGESTED_AT = 2;

/** The settings that all drivers of one end share. */
interface DriverSettings {
  readonly clock: Clock;
  /** `send` is refused while this many bytes wait for the network. */
  readonly maxUnsentBytes: number;
  /** How many milliseconds an orderly end may take before the link is destroyed. */
  readonly closeTimeoutMs: number;
  /**
   * If the peer takes none of the waiting bytes for this many milliseconds, its session ends with SLOW. 0 or absent: no
   * limit.
   */
  readonly slowTimeoutMs?: number;
}

interface DriverOptions {
  readonly link: Link;
  /** A new connection, which the driver owns from now on. */
  readonly connection: Connection;
  readonly settings: DriverSettings;
}

/** Pumps events and bytes between a connection's core, its link and the clock. It holds no protocol of its own. */
export class SessionDriver implements LinkHandlers {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #settings: DriverSettings;
  /** Set to null after the handshake, so that its closures can be collected. */
  #handshakeHandlers: HandshakeHandlers | null;
  readonly #writer: LinkWriter;
  #session: SessionHandlers | null = null;

  #timer: Timer | null = null;
  #closeTimer: Timer | null = null;
  #timerAt = Infinity;
  #pumping = false;
  #flushScheduled = false;
  #keepsProcess = true;

  #bytesReceived = 0;
  #messagesSent = 0;
  #messagesReceived = 0;
  #roundTripMs: number | null = null;
  #congested = false;
  #drainWanted = false;
  #sendsPiled = false;
  readonly #pending = new PendingSends();
  /** The ticket of the newest message. */
  #lastTicket = 0 as SendTicket;

  /** The application has closed: it gets no more messages, not even those that are decoded already. */
  #unwanted = false;
  #ended: UsmpError | null = null;
  /** If set, the link ends as soon as nothing is left to send. */
  #endsOrderly = false;
  #linkClosed = false;
  #finish: () => void = () => {};
  /** Resolves when link and timers are gone. */
  readonly finished = new Promise<void>((resolve) => (this.#finish = resolve));

  constructor({ link, connection, settings }: DriverOptions, handlers: HandshakeHandlers) {
    const { clock, slowTimeoutMs = 0 } = settings;
    this.#settings = settings;
    this.#link = link;
    this.#clock = clock;
    this.#handshakeHandlers = handlers;
    this.#connection = connection;
    this.#writer = new LinkWriter({ link, clock, slowTimeoutMs }, () => this.#onFlushed());
    this.#link.attach(this);
    this.#pump();
  }

  get remoteAddress(): string {
    return this.#link.remoteAddress;
  }

  get remotePort(): number {
    return this.#link.remotePort;
  }

  /** The counts that the driver keeps. The session adds those of its application. */
  stats(): Omit<SessionStats, "droppedMessages" | "refusedSends" | "unreadMessages"> {
    return {
      bytesSent: this.#writer.written,
      bytesReceived: this.#bytesReceived,
      framesSent: this.#connection.framesSent,
      framesReceived: this.#connection.framesReceived,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      retransmissions: this.#connection.retransmissions,
      unsentBytes: this.unsentBytes,
      roundTripMs: this.#connection.roundTripMs ?? this.#roundTripMs,
    };
  }

  /** Bytes that the network has not taken yet; over datagrams, bytes that the peer has not acknowledged. */
  get unsentBytes(): number {
    return this.#connection.unsentBytes(this.#writer.flushed);
  }

  /** Sets the handlers that run from "established" on. */
  attach(handlers: SessionHandlers): void {
    this.#session = handlers;
  }

  providePsk(psk: Uint8Array | null, previousPsk: Uint8Array | null = null): void {
    this.#connection.providePsk(psk, this.#clock.now(), previousPsk);
    this.#pump();
  }

  /**
   * Seals and queues a message (borrowed).
   * @throws UsmpError BUFFER_FULL, PAYLOAD_TOO_LARGE, NOT_CONNECTED, SEQ_EXHAUSTED; nothing was sent then.
   */
  send(message: Uint8Array): void {
    if (this.#ended === null && !this.#hasRoom()) {
      this.#drainWanted = true;
      throw new UsmpError(
        "BUFFER_FULL",
        `${this.unsentBytes} bytes wait for the network already: wait for "drain", or use sendAsync`,
      );
    }
    this.#seal(message);
  }

  /**
   * Waits for room, then sends. Resolves when the network has taken the bytes; over datagrams, when the peer has
   * acknowledged the message. `message` is copied if it has to wait; until it is accepted, `signal` withdraws it.
   */
  sendAsync(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    // An ended session has no room either, but rejects at once.
    if (this.#hasRoom() || this.#ended !== null) return this.#pending.run(message, this.#sealPending);
    const waiting = this.#pending.waitForRoom(message, signal, () => this.#settle());
    this.#updateBackpressure();
    return waiting;
  }

  /** Resolves when all messages so far have left; rejects with the reason if the session ends before that. */
  drain(): Promise<void> {
    const draining = this.#pending.drain(this.#sealPending);
    this.#settle();
    return draining;
  }

  /** Passes a request to the core. Does nothing without a session. */
  request(request: SessionRequest): void {
    this.#connection.request(request, this.#clock.now());
    this.#pump();
  }

  /**
   * Sets whether the application reads. If it does not, the link pauses, and in the end the peer has to stop sending.
   */
  setReading(reading: boolean): void {
    if (this.#ended !== null) return;
    this.#connection.setReading(reading, this.#clock.now());
    if (reading) this.#link.resume();
    else this.#link.pause();
    this.#arm();
  }

  /**
   * Ends the session with BYE, after the messages that were accepted before. Resolves when link and timers are gone.
   */
  close(error: UsmpError): Promise<void> {
    this.#unwanted = true;
    this.#connection.close(error, this.#clock.now());
    this.#pump();
    return this.finished;
  }

  /** Ends the session without BYE. */
  abandon(error: UsmpError): void {
    this.#connection.abandon(error);
    this.#pump();
  }

  /** Lets the process end while this session lives. */
  unref(): void {
    this.#keepsProcess = false;
    this.#link.unref();
    this.#timer?.unref();
    this.#closeTimer?.unref();
  }

  onBytes(chunk: Uint8Array): void {
    const now = this.#clock.now();
    this.#bytesReceived += chunk.length;
    this.#updateCongestion(now);
    this.#connection.receive(chunk, now);
    // An answer to the peer must not wait until the application has handled the events.
    this.#flush();
    this.#pump();
  }

  onTransientError(trouble: UsmpError): void {
    this.#connection.onTransientError(trouble);
    this.#pump();
  }

  onEnd(): void {
    this.#connection.linkEnded();
    this.#pump();
  }

  onClose(error?: UsmpError): void {
    this.#linkClosed = true;
    this.#connection.linkEnded(error);
    this.#pump();
    this.#timer?.cancel();
    this.#closeTimer?.cancel();
    this.#pending.rejectAll(this.#ended as UsmpError);
    this.#finish();
  }

  /**
   * Passes on the core's output: events to the handlers, bytes to the link, the next deadline to the clock. Handlers
   * may call back in.
   */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#connection.hasEvents()) {
        for (const event of this.#connection.takeEvents()) {
          switch (event.type) {
            case "message":
              this.#messagesReceived++;
              if (!this.#unwanted) this.#session?.onMessage(event.data);
              break;
            case "hello":
              this.#handshakeHandlers?.onHello(event.deviceId);
              break;
            case "established":
              this.#handshakeHandlers?.onEstablished(event.deviceId, event.sessionId);
              this.#handshakeHandlers = null;
              break;
            case "pong":
              this.#roundTripMs = event.roundTripMs;
              this.#session?.onPong(event.roundTripMs);
              break;
            case "rekeyed":
              this.#session?.onRekeyed(event.by);
              break;
            case "closed":
              this.#end(event.error);
          }
        }
      }
    } finally {
      // If a handler throws, the session can still be ended.
      this.#pumping = false;
    }
    this.#flush();
    // The computation ahead of time, while the bytes are on their way, may have failed.
    if (this.#connection.hasEvents()) return this.#pump();
    this.#settle();
    if (this.#ended === null || this.#connection.lingers) this.#arm();
    else this.#leave();
  }

  /** Updates the core's congestion flag. Returns whether the flag changed. */
  #updateCongestion(now: number): boolean {
    const congested = this.unsentBytes >= CONGESTED_AT * this.#settings.maxUnsentBytes;
    if (congested === this.#congested) return false;
    this.#congested = congested;
    this.#connection.setCongested(congested, now);
    return true;
  }

  #updateBackpressure(): void {
    const { waitingBytes, anyWaits } = this.#pending;
    const piled = anyWaits && (this.#sendsPiled || waitingBytes >= this.#settings.maxUnsentBytes);
    if (piled === this.#sendsPiled || this.#ended !== null) return;
    this.#sendsPiled = piled;
    this.#session?.onSendBackpressure(piled);
  }

  #hasRoom(): boolean {
    return !this.#pending.anyWaits && this.unsentBytes < this.#settings.maxUnsentBytes;
  }

  #seal(message: Uint8Array): SendTicket {
    let ticket: SendTicket;
    try {
      ticket = this.#connection.send(message, this.#clock.now());
    } catch (error) {
      this.#pump();
      throw error;
    }
    this.#messagesSent++;
    this.#lastTicket = ticket;
    if (this.#connection.outputLength >= FLUSH_AT_BYTES) this.#flush();
    else this.#scheduleFlush();
    return ticket;
  }

  readonly #sealPending = (message: Uint8Array | null): SendTicket =>
    message === null ? this.#lastTicket : this.#seal(message);

  /**
   * Messages sent in one turn of the event loop leave in one write; a single message leaves right after the caller is
   * done.
   */
  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#pumping) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#pump();
    });
  }

  #flush(): void {
    if (this.#connection.outputLength === 0) return;
    for (const piece of this.#connection.takeOutput()) this.#writer.write(piece);
    this.#connection.prepare(this.#clock.now());
  }

  #onFlushed(): void {
    this.#settle();
    if (this.#congested && this.#ended === null && this.#updateCongestion(this.#clock.now())) this.#pump();
  }

  /** Settles the calls whose message has left, and admits waiting sends while there is room. */
  #settle(): void {
    this.#pending.settle(this.#connection.settled(this.#writer.flushed));
    while (this.#pending.anyWaits && this.unsentBytes < this.#settings.maxUnsentBytes) {
      this.#pending.runNext(this.#sealPending);
    }
    this.#updateBackpressure();
    if (!this.#drainWanted || this.#ended !== null || this.#pending.anyWaits) return;
    if (this.unsentBytes > this.#settings.maxUnsentBytes / 2) return;
    this.#drainWanted = false;
    this.#session?.onDrain();
  }

  /**
   * Keeps one timer at or before the next deadline. A later deadline does not move the timer: it fires early and is set
   * again.
   */
  #arm(): void {
    const deadline = Math.min(this.#connection.nextDeadline(), this.#writer.slowAt);
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#clock.after(deadline - this.#clock.now(), () => {
      // If the event loop was blocked, the peer's frames may wait in the socket: they are read before a deadline is
      // judged.
      this.#timer = this.#unrefd(this.#clock.afterReadPass(() => this.#judge()));
    });
    this.#unrefd(this.#timer);
  }

  #judge(): void {
    this.#timerAt = Infinity;
    const now = this.#clock.now();
    this.#connection.handleDeadline(now);
    // If the peer has timed out altogether, that reason comes first: a session ends only once.
    if (now >= this.#writer.slowAt) this.#connection.abandon(this.#writer.tooSlow());
    this.#pump();
  }

  #unrefd(timer: Timer): Timer {
    if (!this.#keepsProcess) timer.unref();
    return timer;
  }

  #end(error: UsmpError): void {
    this.#ended = error;
    if (!this.#connection.lingers) this.#timer?.cancel();
    this.#endLink(error);
    // Sealed messages may still leave; the link's close settles them.
    this.#pending.rejectWaiting(error);
    if (this.#session !== null) this.#session.onClosed(error);
    else this.#handshakeHandlers?.onFailed(error);
  }

  /**
   * After an orderly end, accepted messages still go out. After a violation, or without a session, the link ends at
   * once.
   */
  #endLink(error: UsmpError): void {
    if (this.#linkClosed) return;
    this.#flush();
    // Without a session there is nothing left to send.
    if (this.#session === null || !(this.#unwanted || isOrderlyEnd(error))) {
      this.#link.destroy();
      return;
    }
    this.#endsOrderly = true;
    this.#link.resume();
    this.#closeTimer = this.#unrefd(this.#clock.after(this.#settings.closeTimeoutMs, () => this.#link.destroy()));
  }

  /** Ends the link behind the output: all of it is on the link. */
  #leave(): void {
    if (!this.#endsOrderly) return;
    this.#endsOrderly = false;
    this.#timer?.cancel();
    this.#link.end();
  }
}

/** Whether a session that ended for this reason still sends the messages that it had accepted before. */
function isOrderlyEnd({ code }: UsmpError): boolean {
  return code === "CLOSED" || code === "BYE" || code === "SEQ_EXHAUSTED" || code === "TRANSPORT";
}
