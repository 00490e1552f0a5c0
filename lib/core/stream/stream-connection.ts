/**
 * One end of a USMP connection over a reliable stream, without I/O: chunks and the time go in; bytes, events and the
 * next deadline come out. Both roles use it. The handshake makes the difference.
 *
 *     handshake --- done ---> concluding --- keys derived ---> established --- BYE, violation, ... ---> closed
 *         `--------------------------`---------- violation, deadline, end of the stream -----------------^
 *
 * In `concluding` the last frame of the handshake, SESSION_OK, waits in the output. `prepare` derives the session's
 * keys after the driver has written it, so the device does not wait for the gateway's computing. A frame that comes
 * first does so, too.
 */
import { ownMembers } from "../own-members.js";
import { isUsmpError, UsmpError } from "../../errors.js";
import type { Connection, SendTicket } from "../connection.js";
import type { ConnectionEvent, SessionRequest } from "../events.js";
import { appendFrame, type Frame } from "../wire/frame.js";
import { FrameDecoder } from "./frame-decoder.js";
import { endsSession, lastly } from "../guarded-crypto.js";
import type { Handshake, HandshakeFrame } from "../handshake/handshake.js";
import { madeWith } from "../handshake/key-derivation.js";
import { StreamOutbox } from "./stream-outbox.js";
import { StreamSession } from "./stream-session.js";
import type { SessionOptions } from "../session/session-options.js";
import { isSessionType, frameTypeName } from "../wire/wire.js";

interface StreamConnectionOptions extends SessionOptions {
  readonly handshake: Handshake;
  /** Ends the handshake after this long, in milliseconds, however many bytes keep coming. */
  readonly handshakeTimeoutMs: number;
  /** Limit for the peer's first whole frame, in milliseconds. Default: that of the handshake. */
  readonly helloTimeoutMs?: number;
  /** Half a frame, then silence for this long in milliseconds, ends the connection. */
  readonly partialFrameTimeoutMs: number;
}

type State =
  | {
      readonly name: "handshake";
      readonly handshake: Handshake;
      readonly deadline: number;
      /** `Infinity` once the first frame has come. */
      readonly helloBy: number;
      readonly helloTimeoutMs: number;
    }
  | { readonly name: "concluding"; readonly handshake: Handshake; readonly deadline: number }
  | { readonly name: "established"; readonly session: StreamSession }
  | { readonly name: "closed" };

export class StreamConnection implements Connection {
  readonly #options: StreamConnectionOptions;
  readonly #decoder = new FrameDecoder();
  readonly #outbox = new StreamOutbox();
  #state: State;
  #events: ConnectionEvent[] = [];
  #bytesAt: number;
  #reading = true;
  #framesReceived = 0;

  constructor(options: StreamConnectionOptions, now: number) {
    this.#options = options;
    this.#bytesAt = now;
    const { handshake, handshakeTimeoutMs, helloTimeoutMs = Infinity } = ownMembers(options);
    const helloBy = now + helloTimeoutMs;
    this.#state = { name: "handshake", handshake, deadline: now + handshakeTimeoutMs, helloBy, helloTimeoutMs };
    this.#sendPlain(handshake.start());
  }

  receive(chunk: Uint8Array, now: number): void {
    if (this.#state.name === "closed") return;
    this.#guard(() => {
      this.#bytesAt = now;
      this.#decoder.push(chunk);
      for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) {
        this.#framesReceived++;
        this.#receiveFrame(frame, now);
      }
    });
  }

  linkEnded(cause?: UsmpError): void {
    const state = this.#state;
    if (state.name === "closed") return;
    if (state.name !== "established") this.#close(state.handshake.endedEarly(cause));
    else {
      state.session.linkEnded();
      this.#close(
        cause ??
          new UsmpError(
            "TRANSPORT",
            "the peer closed the connection without BYE: it went away, has a newer session of this device id, or uses another cipher",
          ),
      );
    }
  }

  /** A stream delivers everything, or ends: there is nothing to do. */
  onTransientError(): void {}

  providePsk(psk: Uint8Array | null, _now?: number, previousPsk: Uint8Array | null = null): void {
    const state = this.#state;
    if (state.name === "handshake") this.#guard(() => this.#sendPlain(state.handshake.providePsk(psk, previousPsk)));
  }

  send(message: Uint8Array, now: number): SendTicket {
    if (this.#state.name !== "established") throw new UsmpError("NOT_CONNECTED", "there is no session to send on");
    try {
      this.#state.session.send(message, now);
      return this.#accepted as SendTicket;
    } catch (error) {
      if (isUsmpError(error) && endsSession(error)) this.#close(error);
      throw error;
    }
  }

  request(request: SessionRequest, now: number): void {
    this.#guard(() => this.#session?.request(request, now));
  }

  close(error: UsmpError): void {
    this.#close(error, true);
  }

  abandon(error: UsmpError): void {
    this.#close(error, false);
  }

  setReading(reading: boolean, now: number): void {
    this.#reading = reading;
    if (reading) this.#bytesAt = now;
    this.#session?.setReading(reading, now);
  }

  setCongested(congested: boolean, now: number): void {
    this.#guard(() => this.#session?.setCongested(congested, now));
  }

  handleDeadline(now: number): void {
    const state = this.#state;
    if (state.name === "closed") return;
    if (state.name !== "established" && now >= state.deadline) {
      this.#close(state.handshake.timedOut(this.#options.handshakeTimeoutMs));
    } else if (state.name === "handshake" && now >= state.helloBy) {
      const message = `the device sent no HELLO within ${state.helloTimeoutMs} ms`;
      this.#close(new UsmpError("TIMEOUT", message));
    } else if (now >= this.#partialFrameDeadline()) {
      const timeoutMs = this.#options.partialFrameTimeoutMs;
      this.#close(new UsmpError("TIMEOUT", `half a frame arrived, and then nothing for ${timeoutMs} ms`));
    } else {
      this.#guard(() => this.#session?.handleDeadline(now));
    }
  }

  nextDeadline(): number {
    switch (this.#state.name) {
      case "handshake":
        return Math.min(this.#state.deadline, this.#state.helloBy, this.#partialFrameDeadline());
      case "concluding":
        return Math.min(this.#state.deadline, this.#partialFrameDeadline());
      case "established":
        return Math.min(this.#state.session.nextDeadline(), this.#partialFrameDeadline());
      case "closed":
        return Infinity;
    }
  }

  get framesSent(): number {
    return this.#outbox.frames;
  }

  get framesReceived(): number {
    return this.#framesReceived;
  }

  /** A stream retransmits nothing of its own. */
  get retransmissions(): number {
    return 0;
  }

  /** Without acknowledgements nothing is measured. */
  get roundTripMs(): null {
    return null;
  }

  /** False: when the session ends, everything to send is in the output. */
  get lingers(): boolean {
    return false;
  }

  /** A ticket is the position of the message's last byte in the output. */
  settled(flushedBytes: number): SendTicket {
    return flushedBytes as SendTicket;
  }

  unsentBytes(flushedBytes: number): number {
    return this.#accepted - flushedBytes;
  }

  get outputLength(): number {
    return this.#outbox.length;
  }

  takeOutput(): Uint8Array[] {
    return this.#outbox.take();
  }

  prepare(now: number): void {
    this.#guard(() => {
      if (this.#state.name === "handshake") this.#state.handshake.prepare?.();
      this.#conclude(now);
    });
  }

  hasEvents(): boolean {
    return this.#events.length > 0;
  }

  takeEvents(): ConnectionEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** Bytes of all frames built so far, and of the messages that wait for the cipher, as sealed. */
  get #accepted(): number {
    return this.#outbox.total + (this.#session?.heldLength ?? 0);
  }

  get #session(): StreamSession | null {
    return this.#state.name === "established" ? this.#state.session : null;
  }

  #receiveFrame(frame: Frame, now: number): void {
    this.#conclude(now);
    const state = this.#state;
    if (state.name === "established") state.session.receive(frame, now);
    else if (state.name === "handshake") {
      if (state.helloBy !== Infinity) this.#state = { ...state, helloBy: Infinity };
      this.#receiveHandshake(state, frame, now);
    }
  }

  #receiveHandshake({ handshake, deadline }: State & { name: "handshake" }, frame: Frame, now: number): void {
    if (isSessionType(frame.type)) {
      throw new UsmpError("HANDSHAKE", `the peer sent ${frameTypeName(frame.type)} before the handshake was done`);
    }
    const step = handshake.receive(frame);
    switch (step.type) {
      case "lookup":
        this.#emit({ type: "hello", deviceId: step.deviceId });
        break;
      case "send":
        this.#sendPlain(step.frame);
        break;
      case "done":
        this.#sendPlain(step.frame);
        this.#state = { name: "concluding", handshake, deadline };
        // There is nothing to send before the keys are derived.
        if (step.frame === null) this.#conclude(now);
    }
  }

  #conclude(now: number): void {
    if (this.#state.name !== "concluding") return;
    const result = this.#state.handshake.conclude();
    const session = madeWith(
      [result.keys.c2s, result.keys.s2c],
      () => new StreamSession(this.#options, result, this.#outbox, (event) => this.#emit(event), now),
    );
    if (!this.#reading) session.setReading(false, now);
    this.#state = { name: "established", session };
    this.#emit({ type: "established", deviceId: result.deviceId, sessionId: result.sessionId });
  }

  #sendPlain(frame: HandshakeFrame | null): void {
    if (frame !== null) appendFrame(this.#outbox, frame.type, frame.seq, frame.payload);
  }

  #emit(event: ConnectionEvent): void {
    this.#events.push(event);
  }

  #partialFrameDeadline(): number {
    if (!this.#reading || !this.#decoder.holdsPartialFrame) return Infinity;
    return this.#bytesAt + this.#options.partialFrameTimeoutMs;
  }

  /** Runs `step`. A violation that it finds ends the connection. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      this.#close(error);
    }
  }

  #close(error: UsmpError, withBye = error.code === "SEQ_EXHAUSTED"): void {
    const state = this.#state;
    if (state.name === "closed") return;
    this.#state = { name: "closed" };
    this.#decoder.clear();
    this.#emit({ type: "closed", error });
    if (state.name !== "established") lastly(() => state.handshake.wipe());
    else
      lastly(
        () => withBye && state.session.bye(),
        () => state.session.wipe(),
      );
  }
}
