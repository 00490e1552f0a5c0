/**
 * The device's end of the handshake over datagrams (§3, §6).
 *
 *     HELLO -- HELLO_RETRY --> HELLO with cookie -- CHALLENGE --> HELLO_ACK -- SESSION_OK, verified --> done
 *
 * HELLO_RETRY and CHALLENGE prove nothing: an attacker can forge them. So the device answers every different one, up to
 * a limit, and SESSION_OK shows which CHALLENGE was the gateway's.
 */
import { UsmpError } from "../../errors.js";
import { equalBytes } from "../wire/bytes.js";
import type { CryptoProvider, KeyPair } from "../crypto-provider.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "./datagram-step.js";
import type { DeviceHandshakeOptions } from "./stream-device.js";
import type { Frame } from "../wire/frame.js";
import type { HandshakeFrame } from "./handshake.js";
import { lowOrder } from "./low-order.js";
import { concluded, deriveSessionKeys, hmacClient, hmacServer, type Transcript } from "./key-derivation.js";
import {
  CHALLENGE_LENGTH,
  DEVICE_SEQ,
  readChallenge,
  readSessionOk,
  SESSION_OK_LENGTH,
  writeHello,
} from "../wire/handshake-payloads.js";
import { COOKIE_LENGTH, FrameType } from "../wire/wire.js";

/**
 * How many different cookies and challenges the device keeps. A gateway sends one of each, or two if its clock slot
 * changed. The rest is room for forged ones. An attacker who sends first cannot push the gateway's out, nor can one who
 * sends last.
 */
const MAX_CANDIDATES = 16;
const FIRST_CANDIDATES = 8;

/** A CHALLENGE and the HELLO_ACK that answers it. */
interface Candidate {
  readonly transcript: Transcript;
  readonly helloAck: HandshakeFrame;
}

export class DatagramDeviceHandshake implements DatagramHandshake {
  readonly #crypto: CryptoProvider;
  readonly #psk: Uint8Array;
  readonly #deviceId: Uint8Array;
  readonly #pair: KeyPair;
  readonly #gateway: string;
  /** HELLOs with a cookie that no CHALLENGE has answered. */
  #hellos: HandshakeFrame[] = [];
  #cookies: Uint8Array[] = [];
  #candidates: Candidate[] = [];

  constructor(options: DeviceHandshakeOptions) {
    const { crypto, psk, deviceId, takeKeyPair = () => crypto.generateKeyPair(), gateway = "the gateway" } = options;
    this.#crypto = crypto;
    this.#psk = psk;
    this.#deviceId = deviceId;
    this.#pair = takeKeyPair();
    this.#gateway = gateway;
  }

  /** Whether an answer came, forged or not. */
  get isAnswered(): boolean {
    return this.#cookies.length > 0 || this.#candidates.length > 0;
  }

  start(): HandshakeFrame {
    return { type: FrameType.HELLO, seq: DEVICE_SEQ.hello, payload: writeHello(this.#deviceId, this.#pair.publicKey) };
  }

  receive(frame: Frame): DatagramHandshakeStep | null {
    const { length } = frame.payload;
    if (frame.type === FrameType.HELLO_RETRY && length === COOKIE_LENGTH) return this.#takeCookie(frame.payload);
    if (frame.type === FrameType.CHALLENGE && length === CHALLENGE_LENGTH) return this.#answerChallenge(frame.payload);
    if (frame.type === FrameType.SESSION_OK && length === SESSION_OK_LENGTH) return this.#finish(frame.payload);
    return null;
  }

  /** A device has its key and never asks. */
  providePsk(): null {
    return null;
  }

  timedOut(timeoutMs: number): UsmpError {
    if (this.#candidates.length > 0) {
      // A gateway does not answer a wrong HMAC (§3).
      const message = `${this.#gateway} did not answer our proof of the key within ${timeoutMs} ms: check that both sides have the same PSK, and that the gateway knows this device id`;
      return new UsmpError("AUTH", message);
    }
    const questions =
      "does a USMP gateway listen there, does a firewall drop the datagrams, does the gateway listen on 0.0.0.0 or :: and so answer from another of its addresses?";
    return new UsmpError("TIMEOUT", `no CHALLENGE from ${this.#gateway} within ${timeoutMs} ms: ${questions}`);
  }

  wipe(): void {
    this.#candidates = [];
    this.#pair.wipe();
  }

  #takeCookie(cookie: Uint8Array): DatagramHandshakeStep {
    if (this.#cookies.some((known) => equalBytes(known, cookie))) return { type: "again", send: [] };
    const payload = writeHello(this.#deviceId, this.#pair.publicKey, cookie);
    const hello: HandshakeFrame = { type: FrameType.HELLO, seq: DEVICE_SEQ.helloWithCookie, payload };
    this.#cookies = bounded([...this.#cookies, payload.subarray(payload.length - COOKIE_LENGTH)]);
    this.#hellos = bounded([...this.#hellos, hello]);
    return this.#reply(hello);
  }

  #answerChallenge(payload: Uint8Array): DatagramHandshakeStep {
    const { nonce, pubS } = readChallenge(payload);
    const known = this.#candidates.some(
      ({ transcript }) => equalBytes(transcript.nonce, nonce) && equalBytes(transcript.pubS, pubS),
    );
    if (known) return { type: "again", send: [] };
    const transcript: Transcript = { deviceId: this.#deviceId, pubC: this.#pair.publicKey, nonce, pubS };
    const hmac = hmacClient(this.#crypto, this.#psk, transcript);
    const helloAck: HandshakeFrame = { type: FrameType.HELLO_ACK, seq: DEVICE_SEQ.helloAck, payload: hmac };
    this.#candidates = bounded([...this.#candidates, { transcript, helloAck }]);
    this.#hellos = [];
    return this.#reply(helloAck);
  }

  #finish(payload: Uint8Array): DatagramHandshakeStep | null {
    const { sessionId, hmacServer: given } = readSessionOk(payload);
    const meant = this.#candidates.find(({ transcript }) =>
      this.#crypto.constantTimeEqual(hmacServer(this.#crypto, this.#psk, transcript, sessionId), given),
    );
    if (meant === undefined) return null;
    const { transcript } = meant;
    const keys = deriveSessionKeys(this.#crypto, this.#pair, transcript.pubS, transcript);
    if (keys === null) throw lowOrder("gateway");
    const result = concluded({ deviceId: this.#deviceId, sessionId, keys }, () => this.wipe());
    return { type: "done", send: null, result };
  }

  #reply(send: HandshakeFrame): DatagramHandshakeStep {
    return { type: "reply", send, repeat: [...this.#candidates.map(({ helloAck }) => helloAck), ...this.#hellos] };
  }
}

function bounded<Item>(items: Item[]): Item[] {
  if (items.length <= MAX_CANDIDATES) return items;
  return [...items.slice(0, FIRST_CANDIDATES), ...items.slice(FIRST_CANDIDATES - MAX_CANDIDATES)];
}
