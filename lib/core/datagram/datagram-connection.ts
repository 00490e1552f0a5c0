/**
 * One end of a USMP connection over datagrams, without I/O: datagrams and the time go in; datagrams, events and the
 * next deadline come out. Both roles use it. The handshake makes the difference.
 *
 *     handshake --- done ---> established --- close ---> lingering --- BYE acknowledged ---> closed
 *         |                        `--- BYE, violation, nothing acknowledged, silence ------^
 *         `--- deadline, low-order key -----------------------------------------------------^
 *
 * The connection emits "closed" when `established` ends. In `lingering` it still sends the messages it accepted before.
 */
import { isUsmpError, UsmpError } from "../../errors.js";
import { copyOf, equalBytes } from "../wire/bytes.js";
import type { Connection, SendTicket } from "../connection.js";
import { plainDatagram, readDatagram } from "../wire/datagram-frame.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "../handshake/datagram-step.js";
import { DatagramOutbox } from "./datagram-outbox.js";
import { DatagramSession } from "./datagram-session.js";
import type { ConnectionEvent, SessionRequest } from "../events.js";
import type { Frame } from "../wire/frame.js";
import { endsSession, lastly } from "../guarded-crypto.js";
import type { HandshakeFrame } from "../handshake/handshake.js";
import { madeWith } from "../handshake/key-derivation.js";
import { HandshakeRetransmitter, type PendingFrame } from "../handshake/retransmitter.js";
import type { SessionOptions } from "../session/session-options.js";
import { bareUtack, isUtack, readUtack, type Utack } from "../wire/utack.js";
import { FrameType, HEADER_LENGTH } from "../wire/wire.js";

interface DatagramConnectionOptions extends SessionOptions {
  readonly handshake: DatagramHandshake;
  /** For the whole handshake, and again for the acknowledgement of SESSION_OK, in milliseconds. */
  readonly handshakeTimeoutMs: number;
}

/** The peer's last frame of the handshake, which it may retransmit, and the answer to it. */
interface LastHandshakeFrame {
  readonly frame: Uint8Array;
  /** A gateway's SESSION_OK; null once a frame of the session proves that it arrived. */
  readonly sessionOk: Uint8Array | null;
  /** Whether a UTACK or a frame acknowledged SESSION_OK. A UTACK may be forged, so HELLO_ACK is still answered. */
  readonly isAcknowledged: boolean;
  readonly deadline: number;
}

type State =
  | { readonly name: "handshake"; readonly handshake: DatagramHandshake; readonly deadline: number }
  | { readonly name: "established"; readonly session: DatagramSession; readonly farewell: LastHandshakeFrame }
  | { readonly name: "lingering"; readonly session: DatagramSession }
  | { readonly name: "closed" };

export class DatagramConnection implements Connection {
  readonly #options: DatagramConnectionOptions;
  readonly #outbox = new DatagramOutbox();
  readonly #repeats = new HandshakeRetransmitter();
  #state: State;
  #events: ConnectionEvent[] = [];
  #reading = true;
  #framesReceived = 0;
  /** The session's figures, after it has ended. */
  #last = { settled: 0, retransmissions: 0, roundTripMs: null as number | null };

  constructor(options: DatagramConnectionOptions, now: number) {
    this.#options = options;
    const { handshake, handshakeTimeoutMs } = options;
    this.#state = { name: "handshake", handshake, deadline: now + handshakeTimeoutMs };
    this.#sendRepeated(handshake.start(), now);
  }

  receive(datagram: Uint8Array, now: number): void {
    if (isUtack(datagram)) {
      const utack = readUtack(datagram);
      if (utack !== null) this.#guard(now, () => this.#receiveUtack(utack, now));
      return;
    }
    const frame = readDatagram(datagram);
    if (frame === null) return;
    this.#framesReceived++;
    this.#guard(now, () => this.#receiveFrame(frame, now));
  }

  linkEnded(cause?: UsmpError): void {
    this.#finish(cause ?? new UsmpError("TRANSPORT", "the link was closed"));
  }

  /** An attacker can forge network errors: they end a device's attempt, which is retried, but no session. */
  onTransientError(trouble: UsmpError): void {
    const state = this.#state;
    if (state.name === "established" || state.name === "lingering") state.session.onTransientError(trouble);
    else if (state.name === "handshake" && this.#options.role === "device") this.#finish(trouble);
  }

  providePsk(psk: Uint8Array | null, now: number, previousPsk: Uint8Array | null = null): void {
    const state = this.#state;
    if (state.name !== "handshake") return;
    this.#guard(now, () => this.#sendRepeated(state.handshake.providePsk(psk, previousPsk), now));
  }

  send(message: Uint8Array, now: number): SendTicket {
    if (this.#state.name !== "established") throw new UsmpError("NOT_CONNECTED", "there is no session to send on");
    const { session } = this.#state;
    try {
      session.send(message, now);
      return session.accepted as SendTicket;
    } catch (error) {
      // The session cannot seal another frame.
      if (isUsmpError(error) && endsSession(error)) this.#end(error, now);
      throw error;
    }
  }

  request(request: SessionRequest, now: number): void {
    this.#guard(now, () => this.#established?.request(request, now));
  }

  close(error: UsmpError, now: number): void {
    const state = this.#state;
    if (state.name === "lingering") return;
    if (state.name !== "established") return this.#finish(error);
    this.#guard(now, () => {
      // Whether or not the device has its session: what is held back would never leave otherwise.
      this.#sessionOkAcknowledged(now);
      this.#emit({ type: "closed", error });
      this.#state = { name: "lingering", session: state.session };
      state.session.setReading(false, now);
      state.session.bye(now);
    });
  }

  abandon(error: UsmpError): void {
    this.#finish(error);
  }

  setReading(reading: boolean, now: number): void {
    this.#reading = reading;
    this.#established?.setReading(reading, now);
  }

  /** Stop-and-wait never has more than one frame under way. */
  setCongested(): void {}

  handleDeadline(now: number): void {
    const state = this.#state;
    const { handshakeTimeoutMs } = this.#options;
    if (state.name === "handshake" && now >= state.deadline) {
      return this.#finish(state.handshake.timedOut(handshakeTimeoutMs));
    }
    if (state.name === "established" && !state.farewell.isAcknowledged && now >= state.farewell.deadline) {
      const message = `the device never acknowledged its new session within ${handshakeTimeoutMs} ms`;
      return this.#finish(new UsmpError("TIMEOUT", message));
    }
    for (const bytes of this.#repeats.take(now)) this.#outbox.pushFrame(bytes);
    if (state.name === "established" || state.name === "lingering") {
      this.#guard(now, () => state.session.handleDeadline(now));
    }
  }

  nextDeadline(): number {
    const state = this.#state;
    switch (state.name) {
      case "handshake":
        return Math.min(state.deadline, this.#repeats.nextDeadline());
      case "established": {
        const farewell = state.farewell.isAcknowledged ? Infinity : state.farewell.deadline;
        return Math.min(state.session.nextDeadline(), this.#repeats.nextDeadline(), farewell);
      }
      case "lingering":
        return state.session.nextDeadline();
      case "closed":
        return Infinity;
    }
  }

  get lingers(): boolean {
    return this.#state.name === "lingering";
  }

  get outputLength(): number {
    return this.#outbox.length;
  }

  takeOutput(): Uint8Array[] {
    return this.#outbox.take();
  }

  prepare(): void {
    this.#attempt(
      () => this.#session?.prepare(),
      (error) => this.#finish(error),
    );
  }

  hasEvents(): boolean {
    return this.#events.length > 0;
  }

  takeEvents(): ConnectionEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  /** A ticket is the message's number. The message has left when its last frame was acknowledged. */
  settled(): SendTicket {
    return (this.#session ?? this.#last).settled as SendTicket;
  }

  unsentBytes(): number {
    return this.#session?.unackedBytes ?? 0;
  }

  get framesSent(): number {
    return this.#outbox.frames;
  }

  get framesReceived(): number {
    return this.#framesReceived;
  }

  get retransmissions(): number {
    return this.#repeats.count + (this.#session ?? this.#last).retransmissions;
  }

  get roundTripMs(): number | null {
    return (this.#session ?? this.#last).roundTripMs;
  }

  get #session(): DatagramSession | null {
    const state = this.#state;
    return state.name === "established" || state.name === "lingering" ? state.session : null;
  }

  get #established(): DatagramSession | null {
    return this.#state.name === "established" ? this.#state.session : null;
  }

  #receiveUtack(utack: Utack, now: number): void {
    const state = this.#state;
    if (state.name === "handshake") this.#repeats.acknowledge(utack);
    else if (utack.type === FrameType.SESSION_OK) this.#sessionOkAcknowledged(now);
    else if (this.#session?.acknowledge(utack, now) === true && this.#session.isDone) this.#finish(null);
  }

  #receiveFrame(frame: Frame, now: number): void {
    const state = this.#state;
    if (state.name === "handshake") {
      const step = state.handshake.receive(frame);
      if (step !== null) this.#takeStep(step, frame, now);
    } else if (state.name === "established" && isHandshakeRepeat(frame, state.farewell)) {
      const { sessionOk } = state.farewell;
      if (!this.#outbox.takeRepeat(sessionOk === null ? "older" : "newest", now)) return;
      this.#outbox.push(bareUtack(frame.type, frame.seq));
      if (sessionOk !== null) this.#outbox.pushFrame(sessionOk);
    } else if (this.#session?.receive(frame, now) === true) {
      this.#sessionOkProved(now);
    }
  }

  #takeStep(step: DatagramHandshakeStep, frame: Frame, now: number): void {
    if (step.type === "again" && !this.#outbox.takeRepeat("newest", now)) return;
    this.#outbox.push(bareUtack(frame.type, frame.seq));
    switch (step.type) {
      case "again":
        for (const send of step.send) this.#outbox.pushFrame(datagramOf(send).bytes);
        break;
      case "lookup":
        this.#emit({ type: "hello", deviceId: step.deviceId });
        break;
      case "reply":
        this.#outbox.pushFrame(datagramOf(step.send).bytes);
        this.#repeats.replace(step.repeat.map(datagramOf), now);
        break;
      case "done":
        this.#establish(step, frame, now);
    }
  }

  #establish({ send, result }: DatagramHandshakeStep & { type: "done" }, frame: Frame, now: number): void {
    // From CHALLENGE to HELLO_ACK, or HELLO_ACK to SESSION_OK: neither includes a key lookup.
    const agreed = { ...result, roundTripMs: this.#repeats.roundTripMs(now) };
    const session = madeWith(
      [result.keys.c2s, result.keys.s2c],
      () => new DatagramSession(this.#options, agreed, this.#outbox, (event) => this.#emit(event), now),
    );
    if (!this.#reading) session.setReading(false, now);
    const sessionOk = send === null ? null : datagramOf(send);
    const farewell: LastHandshakeFrame = {
      frame: copyOf(frame.bytes),
      sessionOk: sessionOk?.bytes ?? null,
      isAcknowledged: sessionOk === null,
      deadline: now + this.#options.handshakeTimeoutMs,
    };
    this.#repeats.replace(sessionOk === null ? [] : [sessionOk], now);
    if (sessionOk !== null) {
      this.#outbox.pushFrame(sessionOk.bytes);
      // Until the device has SESSION_OK it can open nothing.
      session.hold();
    }
    this.#state = { name: "established", session, farewell };
    this.#emit({ type: "established", deviceId: result.deviceId, sessionId: result.sessionId });
  }

  /** The device has its session: stops retransmitting SESSION_OK. */
  #sessionOkAcknowledged(now: number): void {
    const state = this.#state;
    if (state.name !== "established" || state.farewell.isAcknowledged) return;
    this.#repeats.replace([], now);
    this.#state = { ...state, farewell: { ...state.farewell, isAcknowledged: true } };
    state.session.release(now);
  }

  #sessionOkProved(now: number): void {
    this.#sessionOkAcknowledged(now);
    const state = this.#state;
    if (state.name !== "established" || state.farewell.sessionOk === null) return;
    this.#state = { ...state, farewell: { ...state.farewell, sessionOk: null } };
  }

  #sendRepeated(frame: HandshakeFrame | null, now: number): void {
    if (frame === null) return;
    const datagram = datagramOf(frame);
    this.#outbox.pushFrame(datagram.bytes);
    this.#repeats.replace([datagram], now);
  }

  #emit(event: ConnectionEvent): void {
    // "closed" was the last event.
    if (this.#state.name !== "lingering" && this.#state.name !== "closed") this.#events.push(event);
  }

  /** Runs `step`. A violation that it finds ends the connection. */
  #guard(now: number, step: () => void): void {
    this.#attempt(step, (error) => this.#end(error, now));
  }

  #attempt(step: () => void, failed: (error: UsmpError) => void): void {
    try {
      step();
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      failed(error);
    }
  }

  /** An exhausted session ends with BYE: the peer has done nothing wrong. Any other error ends it at once. */
  #end(error: UsmpError, now: number): void {
    if (error.code === "SEQ_EXHAUSTED" && this.#state.name === "established") this.close(error, now);
    else this.#finish(error);
  }

  #finish(error: UsmpError | null): void {
    const state = this.#state;
    if (state.name === "closed") return;
    if (error !== null) this.#emit({ type: "closed", error });
    this.#state = { name: "closed" };
    if (state.name === "handshake") return lastly(() => state.handshake.wipe());
    const { settled, retransmissions, roundTripMs } = state.session;
    this.#last = { settled, retransmissions, roundTripMs };
    lastly(() => state.session.wipe());
  }
}

/**
 * Whether a frame is a retransmission of the handshake's last one. While SESSION_OK may be lost, the HMAC alone
 * decides: an attacker may have changed the header, which nothing protects.
 */
function isHandshakeRepeat({ bytes, type, payload }: Frame, { frame, sessionOk }: LastHandshakeFrame): boolean {
  if (sessionOk === null) return equalBytes(bytes, frame);
  return type === FrameType.HELLO_ACK && equalBytes(payload, frame.subarray(HEADER_LENGTH));
}

function datagramOf({ type, seq, payload }: HandshakeFrame): PendingFrame {
  return { bytes: plainDatagram(type, seq, payload), type, seq };
}
