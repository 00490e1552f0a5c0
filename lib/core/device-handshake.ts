/**
 * The device's end of the handshake (§3), called "client" on the wire.
 *
 *     start -> HELLO ->  [awaitChallenge] -- HELLO_RETRY, once --> HELLO with cookie -> [awaitChallenge]
 *                               | CHALLENGE
 *                               v
 *              HELLO_ACK -> [awaitSessionOk] -- SESSION_OK, verified --> done
 */
import { UsmpError } from "../errors.js";
import type { CryptoProvider, KeyPair } from "./crypto-provider.js";
import type { Frame } from "./frame.js";
import { expectFrame, type Handshake, type HandshakeFrame, type HandshakeStep } from "./handshake.js";
import { deriveSessionKeys, hmacClient, hmacServer, type Transcript } from "./handshake-crypto.js";
import {
  CHALLENGE_LENGTH,
  DEVICE_SEQ,
  readChallenge,
  readSessionOk,
  SESSION_OK_LENGTH,
  writeHello,
} from "./handshake-payloads.js";
import { COOKIE_LENGTH, FrameType } from "./wire.js";

type State =
  | { readonly name: "awaitChallenge"; readonly retried: boolean }
  | { readonly name: "awaitSessionOk"; readonly transcript: Transcript }
  | { readonly name: "over" };

export interface DeviceHandshakeOptions {
  readonly crypto: CryptoProvider;
  /** At least 16 bytes; borrowed until the handshake is over. */
  readonly psk: Uint8Array;
  /** 6 bytes; borrowed. */
  readonly deviceId: Uint8Array;
}

export class DeviceHandshake implements Handshake {
  readonly #crypto: CryptoProvider;
  readonly #psk: Uint8Array;
  readonly #deviceId: Uint8Array;
  readonly #pair: KeyPair;
  #state: State = { name: "awaitChallenge", retried: false };

  constructor({ crypto, psk, deviceId }: DeviceHandshakeOptions) {
    this.#crypto = crypto;
    this.#psk = psk;
    this.#deviceId = deviceId;
    this.#pair = crypto.generateKeyPair();
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
        return this.#finish(frame, this.#state.transcript);
      case "over":
        throw new UsmpError("HANDSHAKE", "the handshake is over already");
    }
  }

  /** A device knows its key: it never asks. */
  providePsk(): null {
    return null;
  }

  endedEarly(cause?: UsmpError): UsmpError {
    if (this.#state.name === "awaitSessionOk") {
      // The server answers a wrong HMAC with silence and the end of the connection (§3).
      const message =
        "the gateway closed the connection when it saw our proof of the key: check that both sides have the same PSK, and that the gateway knows this device id";
      return new UsmpError("AUTH", message, { cause });
    }
    const message =
      "the gateway closed the connection before the handshake: it may be restarting, or full, or keep this device out for a while after wrong keys";
    return new UsmpError("TRANSPORT", message, { cause });
  }

  timedOut(timeoutMs: number): UsmpError {
    const awaited = this.#state.name === "awaitSessionOk" ? "SESSION_OK" : "CHALLENGE";
    return new UsmpError("TIMEOUT", `no ${awaited} within ${timeoutMs} ms: is it a USMP gateway that listens there?`);
  }

  wipe(): void {
    this.#state = { name: "over" };
    this.#pair.wipe();
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
    this.#state = { name: "awaitSessionOk", transcript };
    const payload = hmacClient(this.#crypto, this.#psk, transcript);
    return { type: "send", frame: { type: FrameType.HELLO_ACK, seq: DEVICE_SEQ.helloAck, payload } };
  }

  #finish(frame: Frame, transcript: Transcript): HandshakeStep {
    expectFrame(frame, FrameType.SESSION_OK, SESSION_OK_LENGTH);
    const { sessionId, hmacServer: given } = readSessionOk(frame.payload);
    const expected = hmacServer(this.#crypto, this.#psk, transcript, sessionId);
    if (!this.#crypto.constantTimeEqual(expected, given)) {
      throw new UsmpError("AUTH", "the gateway does not have our PSK: it is misconfigured, or somebody else's");
    }
    // The HMACs need no shared secret, so nobody without the PSK makes us compute one.
    const keys = deriveSessionKeys(this.#crypto, this.#pair, transcript.pubS, transcript);
    if (keys === null)
      throw new UsmpError("AUTH", "the gateway sent a public key of low order: the connection was tampered with");
    this.wipe();
    return { type: "done", frame: null, result: { deviceId: this.#deviceId, sessionId, keys } };
  }
}
