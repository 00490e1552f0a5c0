/**
 * The device's end of the handshake over a stream (§3), called "client" on the wire.
 *
 *     start -> HELLO ->  [awaitChallenge] -- HELLO_RETRY, once --> HELLO with cookie -> [awaitChallenge]
 *                               | CHALLENGE
 *                               v
 *              HELLO_ACK -> [awaitSessionOk] -- SESSION_OK --> done -> [agreed] -- conclude --> the session's keys
 */
import { UsmpError } from "../../errors.js";
import type { CryptoProvider, KeyPair } from "../crypto-provider.js";
import type { Frame } from "../wire/frame.js";
import { inTurn } from "../guarded-crypto.js";
import { expectFrame, type Handshake, type HandshakeFrame, type HandshakeStep } from "./handshake.js";
import {
  concluded,
  deriveSessionKeys,
  hmacClient,
  hmacServer,
  type HandshakeResult,
  type SessionKeys,
  type Transcript,
} from "./key-derivation.js";
import { lowOrder } from "./low-order.js";
import {
  CHALLENGE_LENGTH,
  DEVICE_SEQ,
  readChallenge,
  readSessionOk,
  SESSION_OK_LENGTH,
  writeHello,
} from "../wire/handshake-payloads.js";
import { COOKIE_LENGTH, FrameType } from "../wire/wire.js";

/** What the device knows once it has answered CHALLENGE. */
interface Answered {
  readonly transcript: Transcript;
  /** Undefined until they are derived; null if the gateway's public key is of low order. */
  readonly keys: SessionKeys | null | undefined;
}

type State =
  | { readonly name: "awaitChallenge"; readonly retried: boolean }
  | ({ readonly name: "awaitSessionOk" } & Answered)
  | ({ readonly name: "agreed"; readonly sessionId: Uint8Array } & Answered)
  | { readonly name: "over" };

export interface DeviceHandshakeOptions {
  readonly crypto: CryptoProvider;
  /** At least 16 bytes; borrowed until the handshake is over. */
  readonly psk: Uint8Array;
  /** 6 bytes; borrowed. */
  readonly deviceId: Uint8Array;
  /** Returns a fresh key pair, which this handshake wipes. Default: generates one. */
  readonly takeKeyPair?: () => KeyPair;
  /** Where the gateway is, for messages: `"192.168.1.100:9000"`. */
  readonly gateway?: string;
}

export class StreamDeviceHandshake implements Handshake {
  readonly #crypto: CryptoProvider;
  readonly #psk: Uint8Array;
  readonly #deviceId: Uint8Array;
  readonly #pair: KeyPair;
  readonly #gateway: string;
  #state: State = { name: "awaitChallenge", retried: false };

  constructor(options: DeviceHandshakeOptions) {
    const { crypto, takeKeyPair = () => crypto.generateKeyPair(), gateway = "the gateway" } = options;
    this.#crypto = crypto;
    this.#psk = options.psk;
    this.#deviceId = options.deviceId;
    this.#pair = takeKeyPair();
    this.#gateway = gateway;
  }

  start(): HandshakeFrame {
    return { type: FrameType.HELLO, seq: DEVICE_SEQ.hello, payload: writeHello(this.#deviceId, this.#pair.publicKey) };
  }

  receive(frame: Frame): HandshakeStep {
    switch (this.#state.name) {
      case "awaitChallenge":
        return frame.type === FrameType.HELLO_RETRY && !this.#state.retried
          ? this.#sayHelloAgain(frame)
          : this.#answerChallenge(frame);
      case "awaitSessionOk":
        return this.#finish(frame, this.#state);
      case "agreed":
      case "over":
        throw new UsmpError("HANDSHAKE", "the handshake is over already");
    }
  }

  /** A device has its key and never asks. */
  providePsk(): null {
    return null;
  }

  /**
   * Computes the exchange, the longest step, while the gateway computes its own. A gateway without the PSK can make a
   * device compute one per connection attempt, and no more.
   */
  prepare(): void {
    const state = this.#state;
    if (state.name === "awaitSessionOk" && state.keys === undefined)
      this.#state = { ...state, keys: this.#derive(state.transcript) };
  }

  conclude(): HandshakeResult {
    const state = this.#state;
    if (state.name !== "agreed") throw new UsmpError("HANDSHAKE", "the handshake is not done, or over already");
    const keys = state.keys === undefined ? this.#derive(state.transcript) : state.keys;
    if (keys === null) throw lowOrder("gateway");
    return concluded({ deviceId: this.#deviceId, sessionId: state.sessionId, keys }, () => this.#end());
  }

  endedEarly(cause?: UsmpError): UsmpError {
    if (this.#state.name === "awaitSessionOk") {
      // A gateway closes the connection on a wrong HMAC, without an answer (§3).
      const message =
        "the gateway closed the connection after our proof of the key: check that both sides have the same PSK, and that the gateway knows this device id";
      return new UsmpError("AUTH", message, { cause });
    }
    const message =
      "the gateway closed the connection before the handshake: it may be restarting or full, or it locked this device out after wrong keys";
    return new UsmpError("TRANSPORT", message, { cause });
  }

  timedOut(timeoutMs: number): UsmpError {
    const awaited = this.#state.name === "awaitSessionOk" ? "SESSION_OK" : "CHALLENGE";
    const message = `no ${awaited} from ${this.#gateway} within ${timeoutMs} ms: does a USMP gateway listen there?`;
    return new UsmpError("TIMEOUT", message);
  }

  wipe(): void {
    const state = this.#state;
    const keys = state.name === "awaitSessionOk" || state.name === "agreed" ? state.keys : null;
    inTurn(
      () => keys && this.#crypto.wipe(keys.c2s),
      () => keys && this.#crypto.wipe(keys.s2c),
      () => this.#end(),
    );
  }

  #sayHelloAgain(frame: Frame): HandshakeStep {
    expectFrame(frame, FrameType.HELLO_RETRY, COOKIE_LENGTH);
    const payload = writeHello(this.#deviceId, this.#pair.publicKey, frame.payload);
    this.#state = { name: "awaitChallenge", retried: true };
    return { type: "send", frame: { type: FrameType.HELLO, seq: DEVICE_SEQ.helloWithCookie, payload } };
  }

  #answerChallenge(frame: Frame): HandshakeStep {
    expectFrame(frame, FrameType.CHALLENGE, CHALLENGE_LENGTH);
    const transcript: Transcript = {
      deviceId: this.#deviceId,
      pubC: this.#pair.publicKey,
      ...readChallenge(frame.payload),
    };
    this.#state = { name: "awaitSessionOk", transcript, keys: undefined };
    const payload = hmacClient(this.#crypto, this.#psk, transcript);
    return { type: "send", frame: { type: FrameType.HELLO_ACK, seq: DEVICE_SEQ.helloAck, payload } };
  }

  #finish(frame: Frame, { transcript, keys }: Answered): HandshakeStep {
    expectFrame(frame, FrameType.SESSION_OK, SESSION_OK_LENGTH);
    const { sessionId, hmacServer: given } = readSessionOk(frame.payload);
    const expected = hmacServer(this.#crypto, this.#psk, transcript, sessionId);
    if (!this.#crypto.constantTimeEqual(expected, given)) {
      throw new UsmpError(
        "AUTH",
        "the gateway does not have our PSK: it is misconfigured, or not the gateway you meant",
      );
    }
    this.#state = { name: "agreed", transcript, keys, sessionId };
    return { type: "done", frame: null };
  }

  #derive(transcript: Transcript): SessionKeys | null {
    return deriveSessionKeys(this.#crypto, this.#pair, transcript.pubS, transcript);
  }

  #end(): void {
    this.#state = { name: "over" };
    this.#pair.wipe();
  }
}
