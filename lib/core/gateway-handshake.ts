/**
 * The gateway's end of the handshake (§3), called "server" on the wire.
 *
 *     [awaitHello] -- HELLO --> lookup -> [awaitPsk] -- providePsk --> CHALLENGE -> [awaitHelloAck]
 *                                                                                         | HELLO_ACK, verified
 *                                                                                         v
 *                                                                                 SESSION_OK, done
 *
 * A device that is not known goes the same way with a random key, so that what it sees, and when, tells it nothing.
 */
import { UsmpError } from "../errors.js";
import { concat, copyOf } from "./bytes.js";
import type { CryptoProvider, KeyPair } from "./crypto-provider.js";
import type { Frame } from "./frame.js";
import { expectFrame, type Handshake, type HandshakeFrame, type HandshakeStep } from "./handshake.js";
import { deriveSessionKeys, hmacClient, hmacServer, type Transcript } from "./handshake-crypto.js";
import { GATEWAY_SEQ, HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH, readHello } from "./handshake-payloads.js";
import { FrameType, HANDSHAKE_NONCE_LENGTH, HMAC_LENGTH, KEY_LENGTH, SESSION_ID_LENGTH } from "./wire.js";

type State =
  | { readonly name: "awaitHello" }
  | { readonly name: "awaitPsk"; readonly deviceId: Uint8Array; readonly pubC: Uint8Array }
  | {
      readonly name: "awaitHelloAck";
      readonly transcript: Transcript;
      readonly pair: KeyPair;
      readonly psk: Uint8Array;
    }
  | { readonly name: "over" };

export class GatewayHandshake implements Handshake {
  readonly #crypto: CryptoProvider;
  #state: State = { name: "awaitHello" };

  constructor({ crypto }: { readonly crypto: CryptoProvider }) {
    this.#crypto = crypto;
  }

  start(): null {
    return null;
  }

  receive(frame: Frame): HandshakeStep {
    switch (this.#state.name) {
      case "awaitHello":
        return this.#takeHello(frame);
      case "awaitHelloAck":
        return this.#finish(frame, this.#state);
      case "awaitPsk":
        throw new UsmpError("HANDSHAKE", "the device sent more before it had a CHALLENGE to answer");
      case "over":
        throw new UsmpError("HANDSHAKE", "the handshake is over already");
    }
  }

  providePsk(psk: Uint8Array | null): HandshakeFrame | null {
    if (this.#state.name !== "awaitPsk") return null;
    const { deviceId, pubC } = this.#state;
    const pair = this.#crypto.generateKeyPair();
    const nonce = this.#crypto.randomBytes(HANDSHAKE_NONCE_LENGTH);
    const transcript: Transcript = { deviceId, pubC, nonce, pubS: pair.publicKey };
    const key = psk === null ? this.#crypto.randomBytes(KEY_LENGTH) : copyOf(psk);
    this.#state = { name: "awaitHelloAck", transcript, pair, psk: key };
    return { type: FrameType.CHALLENGE, seq: GATEWAY_SEQ, payload: concat(nonce, pair.publicKey) };
  }

  endedEarly(cause?: UsmpError): UsmpError {
    return new UsmpError("TRANSPORT", "the device closed the connection during the handshake", { cause });
  }

  timedOut(timeoutMs: number): UsmpError {
    if (this.#state.name === "awaitPsk") {
      return new UsmpError("AUTH", `the PSK lookup did not settle within ${timeoutMs} ms`);
    }
    return new UsmpError("TIMEOUT", `the device did not finish its handshake within ${timeoutMs} ms`);
  }

  wipe(): void {
    if (this.#state.name === "awaitHelloAck") {
      this.#state.pair.wipe();
      this.#crypto.wipe(this.#state.psk);
    }
    this.#state = { name: "over" };
  }

  #takeHello(frame: Frame): HandshakeStep {
    // A cookie is for UDP; over a stream it is accepted and ignored (§3).
    expectFrame(frame, FrameType.HELLO, HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH);
    const hello = readHello(frame.payload);
    this.#state = { name: "awaitPsk", ...hello };
    return { type: "lookup", deviceId: hello.deviceId };
  }

  #finish(frame: Frame, { transcript, pair, psk }: State & { name: "awaitHelloAck" }): HandshakeStep {
    expectFrame(frame, FrameType.HELLO_ACK, HMAC_LENGTH);
    const expected = hmacClient(this.#crypto, psk, transcript);
    if (!this.#crypto.constantTimeEqual(expected, frame.payload)) {
      throw new UsmpError("AUTH", "the device has no key or a wrong one: check its id and its PSK");
    }
    // Only now, so that nobody without the PSK makes us compute an exchange.
    const keys = deriveSessionKeys(this.#crypto, pair, transcript.pubC, transcript);
    if (keys === null)
      throw new UsmpError("AUTH", "the device sent a public key of low order: the connection was tampered with");
    const sessionId = this.#crypto.randomBytes(SESSION_ID_LENGTH);
    const payload = concat(sessionId, hmacServer(this.#crypto, psk, transcript, sessionId));
    this.wipe();
    const result = { deviceId: transcript.deviceId, sessionId, keys };
    return { type: "done", frame: { type: FrameType.SESSION_OK, seq: GATEWAY_SEQ, payload }, result };
  }
}
