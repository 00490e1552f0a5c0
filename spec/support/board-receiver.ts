/**
 * A device with the patience of the public C core, on simulated time: it gives a whole message 10 reads of 50 ms, a copy uses one up,
 * and a message that is not whole by then costs the session. While it waits for the acknowledgement of a frame of its own, it keeps one
 * frame for later and takes no other.
 */
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { DatagramDeviceHandshake } from "../../lib/core/handshake/datagram-device.js";
import { plainDatagram, readDatagram } from "../../lib/core/wire/datagram-frame.js";
import type { HandshakeResult } from "../../lib/core/handshake/key-derivation.js";
import type { HandshakeFrame } from "../../lib/core/handshake/handshake.js";
import { bareUtack, isUtack, readUtack, sealedUtack } from "../../lib/core/wire/utack.js";
import { FrameType, isSessionType } from "../../lib/core/wire/wire.js";
import { sealedFrame } from "./core-frames.js";
import { DEVICE_ID, PSK } from "./core-pair.js";

const READS_PER_MESSAGE = 10;
const READ_MS = 50;
const LOOP_MS = 10;
const MAX_SENDS = 5;
const RESEND_MS = 500;
/** A small message of its own. */
const OWN_EVERY_MS = 1_000;

interface Sending {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly seq: number;
  readonly sends: number;
  readonly dueAt: number;
}

/** A message that is being read. */
interface Reading {
  readonly reads: number;
  readonly since: number;
  readonly fragments: number;
}

export class BoardReceiver {
  readonly #crypto: CryptoProvider;
  readonly #send: (datagram: Uint8Array) => void;
  readonly #handshake: DatagramDeviceHandshake;
  #agreed: HandshakeResult | null = null;
  #socket: Uint8Array[] = [];
  #sending: Sending | null = null;
  #reading: Reading | null = null;
  /** Kept while it waited for an acknowledgement. */
  #kept: Uint8Array | null = null;
  readonly #seen = new Set<number>();
  #nextSeq = 0;
  #ownAt: number;
  #loopAt: number;
  /** Whole messages. */
  received = 0;
  died: "incomplete" | "unacknowledged" | null = null;

  constructor(crypto: CryptoProvider, now: number, send: (datagram: Uint8Array) => void) {
    this.#crypto = crypto;
    this.#send = send;
    this.#handshake = new DatagramDeviceHandshake({ crypto, psk: PSK, deviceId: DEVICE_ID });
    this.#ownAt = now + OWN_EVERY_MS;
    this.#loopAt = now + LOOP_MS;
    this.#transmitPlain(this.#handshake.start(), now);
  }

  get isEstablished(): boolean {
    return this.#agreed !== null;
  }

  deliver(datagram: Uint8Array, now: number): void {
    if (this.#sending !== null) this.#hearWhileSending(datagram, now);
    else if (this.#agreed !== null) {
      this.#socket.push(datagram);
      if (this.#reading !== null) this.#read(now);
    }
  }

  nextDeadline(): number {
    if (this.died !== null) return Infinity;
    if (this.#sending !== null) return this.#sending.dueAt;
    return this.#reading === null ? this.#loopAt : this.#reading.since + READ_MS;
  }

  handleDeadline(now: number): void {
    if (this.died !== null || now < this.nextDeadline()) return;
    if (this.#sending !== null) this.#resend(this.#sending, now);
    else if (this.#reading !== null) this.#endRead(this.#reading, now);
    else this.#loop(now);
  }

  #hearWhileSending(datagram: Uint8Array, now: number): void {
    const sending = this.#sending;
    if (isUtack(datagram)) {
      const utack = readUtack(datagram);
      // In the handshake the reply counts.
      if (this.#agreed === null || utack?.type !== sending?.type || utack?.seq !== sending?.seq) return;
      this.#sending = null;
      this.#loopAt = now + LOOP_MS;
    } else if (this.#agreed === null) this.#shakeHands(datagram, now);
    else this.#kept ??= datagram;
  }

  #shakeHands(datagram: Uint8Array, now: number): void {
    const frame = readDatagram(datagram);
    const step = frame && this.#handshake.receive(frame);
    if (frame === null || step === null) return;
    this.#send(bareUtack(frame.type, frame.seq));
    if (step.type === "reply") this.#transmitPlain(step.send, now);
    if (step.type !== "done") return;
    this.#agreed = step.result;
    this.#sending = null;
    this.#loopAt = now + LOOP_MS;
  }

  #loop(now: number): void {
    this.#loopAt = now + LOOP_MS;
    if (now >= this.#ownAt) {
      this.#ownAt = now + OWN_EVERY_MS;
      this.#transmit(FrameType.DATA, now, Uint8Array.of(1));
    } else if (this.#kept !== null || this.#socket.length > 0) {
      this.#reading = { reads: 0, since: now, fragments: 0 };
      this.#read(now);
    }
  }

  /** Reads what is there. */
  #read(now: number): void {
    while (this.#reading !== null && this.died === null) {
      const datagram = this.#kept ?? this.#socket.shift();
      this.#kept = null;
      if (datagram === undefined) return;
      const frame = isUtack(datagram) ? null : readDatagram(datagram);
      if (frame === null || this.#agreed === null) continue;
      const key = this.#agreed.keys.s2c;
      this.#send(
        isSessionType(frame.type)
          ? sealedUtack(this.#crypto, key, frame.type, frame.seq)
          : bareUtack(frame.type, frame.seq),
      );
      const isNew = isSessionType(frame.type) && !this.#seen.has(frame.seq);
      if (isNew) this.#seen.add(frame.seq);
      if (isNew && frame.type === FrameType.DATA) {
        this.received++;
        this.#stopReading(now);
      } else if (isNew && frame.type === FrameType.PING) {
        this.#stopReading(now);
        this.#transmit(FrameType.PONG, now);
      } else {
        const isFragment = isNew && frame.type === FrameType.DATA_FRAG;
        this.#endRead({ ...this.#reading, fragments: this.#reading.fragments + Number(isFragment) }, now);
      }
    }
  }

  #endRead({ reads, fragments }: Reading, now: number): void {
    this.#reading = { reads: reads + 1, since: now, fragments };
    if (reads + 1 < READS_PER_MESSAGE) return;
    if (fragments > 0) this.died = "incomplete";
    this.#stopReading(now);
  }

  #stopReading(now: number): void {
    this.#reading = null;
    this.#loopAt = now + LOOP_MS;
  }

  #transmitPlain({ type, seq, payload }: HandshakeFrame, now: number): void {
    this.#launch({ bytes: plainDatagram(type, seq, payload), type, seq, sends: 0, dueAt: now }, now);
  }

  #transmit(type: number, now: number, plaintext?: Uint8Array): void {
    if (this.#agreed === null) return;
    const { keys, sessionId } = this.#agreed;
    const seq = this.#nextSeq++;
    this.#launch(
      { bytes: sealedFrame({ key: keys.c2s, sessionId }, type, seq, plaintext), type, seq, sends: 0, dueAt: now },
      now,
    );
  }

  #resend(sending: Sending, now: number): void {
    if (sending.sends === MAX_SENDS) this.died = "unacknowledged";
    else this.#launch(sending, now);
  }

  #launch(sending: Sending, now: number): void {
    this.#sending = { ...sending, sends: sending.sends + 1, dueAt: now + RESEND_MS };
    this.#send(sending.bytes);
  }
}
