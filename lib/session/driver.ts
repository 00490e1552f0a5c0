import type { Clock, Timer } from "../core/clock.js";
import type { Connection, SendTicket } from "../core/connection.js";
import type { SessionRequest } from "../core/events.js";
import { UsmpError } from "../errors.js";
import type { Link, LinkHandlers } from "../transport/transport.js";
import type { HandshakeHandlers, SessionHandlers } from "./driver-handlers.js";
import { LinkWriter } from "./link-writer.js";
import { PendingSends } from "./pending-sends.js";
import type { SessionStats } from "./stats.js";

/** Written at once rather than at the end of the turn, so that a long synchronous burst keeps the network busy. */
const FLUSH_AT_BYTES = 32_768;

/** Beyond this many times `maxUnsentBytes` the peer plainly does not read: its PINGs are answered when it does. */
const CONGESTED_AT = 2;

/** What all drivers of one end have in common. */
interface DriverSettings {
  readonly clock: Clock;
  /** `send` is refused while this many bytes wait for the network. */
  readonly maxUnsentBytes: number;
  /** How long an orderly end may take before the link is destroyed. */
  readonly closeTimeoutMs: number;
  /** A peer that takes nothing of what waits for it for this long loses its session, with SLOW; 0, or absent: it does not. */
  readonly slowTimeoutMs?: number;
}

interface DriverOptions {
  readonly link: Link;
  /** New, and this driver's from now on. */
  readonly connection: Connection;
  readonly settings: DriverSettings;
}

/** The one pump between a connection's core, its link and the clock. It holds no protocol of its own. */
export class SessionDriver implements LinkHandlers {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #settings: DriverSettings;
  /** Let go of, with all that belongs to the handshake, when that is done. */
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
  /** Of the newest message. */
  #lastTicket = 0 as SendTicket;

  /** The application has closed: from then on it wants no messages, also not those that are decoded already. */
  #unwanted = false;
  #ended: UsmpError | null = null;
  /** The link ends as soon as nothing is left to send. */
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

  /** What is counted here: the session adds what its application does. */
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

  /** Bytes that the network has not taken yet, over datagrams those that the peer has not acknowledged. */
  get unsentBytes(): number {
    return this.#connection.unsentBytes(this.#writer.flushed);
  }

  /** From "established" on these are told. */
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
   * Waits for room, then sends; resolves when the network has taken the bytes, over datagrams when the peer has acknowledged
   * the message. `message` is copied if it has to wait; until then `signal` withdraws it.
   */
  sendAsync(message: Uint8Array, signal?: AbortSignal): Promise<void> {
    // An ended session has no room either, but says so at once.
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

  /** Passes a request to the core. Without a session it does nothing. */
  request(request: SessionRequest): void {
    this.#connection.request(request, this.#clock.now());
    this.#pump();
  }

  /** Whether the application reads. What it does not read stops the peer in the end. */
  setReading(reading: boolean): void {
    if (this.#ended !== null) return;
    this.#connection.setReading(reading, this.#clock.now());
    if (reading) this.#link.resume();
    else this.#link.pause();
    this.#arm();
  }

  /** Ends the session with BYE; what was accepted before goes out first. Resolves when nothing is left. */
  close(error: UsmpError): Promise<void> {
    this.#unwanted = true;
    this.#connection.close(error, this.#clock.now());
    this.#pump();
    return this.finished;
  }

  /** Ends the session without a word. */
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
    // An answer to the peer does not wait until the application has seen what came.
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

  /** Passes on what the core has: events up, bytes down, the next deadline to the clock. Handlers may call back in. */
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
      // Whatever goes wrong above, the session can still be ended.
      this.#pumping = false;
    }
    this.#flush();
    // What is computed ahead, while that is on its way, may have failed.
    if (this.#connection.hasEvents()) return this.#pump();
    this.#settle();
    if (this.#ended === null || this.#connection.lingers) this.#arm();
    else this.#leave();
  }

  /** Tells the core where it changed whether what is sent piles up; whether it changed. */
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

  /** Messages sent in one turn of the event loop leave in one write; a lone one leaves right after the caller is done. */
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

  /** Tells who waits for what has left, or for the room that it left. */
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

  /** Keeps one timer at or before the next deadline; it is not moved with every frame, only found early when it fires. */
  #arm(): void {
    const deadline = Math.min(this.#connection.nextDeadline(), this.#writer.slowAt);
    if (deadline >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = deadline;
    this.#timer = this.#clock.after(deadline - this.#clock.now(), () => {
      // Where the event loop stood still, what tells of life may wait in the socket: it is read before anybody is judged.
      this.#timer = this.#unrefd(this.#clock.afterReadPass(() => this.#judge()));
    });
    this.#unrefd(this.#timer);
  }

  #judge(): void {
    this.#timerAt = Infinity;
    const now = this.#clock.now();
    this.#connection.handleDeadline(now);
    // Where the peer is gone altogether that is said first: what has ended is ended no second time.
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
    // What is sealed may still leave; the link's own end settles it.
    this.#pending.rejectWaiting(error);
    if (this.#session !== null) this.#session.onClosed(error);
    else this.#handshakeHandlers?.onFailed(error);
  }

  /** An orderly end lets out what was accepted before; a violation, or no session, ends the link at once. */
  #endLink(error: UsmpError): void {
    if (this.#linkClosed) return;
    this.#flush();
    // Without a session there is nothing to let out.
    if (this.#session === null || !(this.#unwanted || isOrderlyEnd(error))) {
      this.#link.destroy();
      return;
    }
    this.#endsOrderly = true;
    this.#link.resume();
    this.#closeTimer = this.#unrefd(this.#clock.after(this.#settings.closeTimeoutMs, () => this.#link.destroy()));
  }

  /** All that is to be sent is on the link: it ends behind that. */
  #leave(): void {
    if (!this.#endsOrderly) return;
    this.#endsOrderly = false;
    this.#timer?.cancel();
    this.#link.end();
  }
}

/** Whether a session that ended for this reason still sends what it had accepted before. */
function isOrderlyEnd({ code }: UsmpError): boolean {
  return code === "CLOSED" || code === "BYE" || code === "SEQ_EXHAUSTED" || code === "TRANSPORT";
}
