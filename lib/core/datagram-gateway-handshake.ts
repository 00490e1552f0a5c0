/**
 * The gateway's end of the handshake over datagrams (§3, §6), from a HELLO whose cookie has verified on.
 *
 *     [awaitHello] -- HELLO --> lookup -> [awaitPsk] -- providePsk --> CHALLENGE -> [awaitHelloAck]
 *                                                                                         | HELLO_ACK, verified
 *                                                                                         v
 *                                                                                 SESSION_OK, done
 *
 * What was answered is answered again in the same bytes; a wrong HELLO_ACK is dropped, and told at the deadline.
 */
import { UsmpError } from "../errors.js";
import { concat, copyOf, equalBytes } from "./bytes.js";
import type { CryptoProvider, KeyPair } from "./crypto-provider.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "./datagram-handshake.js";
import type { Frame } from "./frame.js";
import type { HandshakeFrame } from "./handshake.js";
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
      readonly challenge: HandshakeFrame;
      readonly refused: boolean;
    }
  | { readonly name: "over" };

export class DatagramGatewayHandshake implements DatagramHandshake {
  readonly #crypto: CryptoProvider;
  #state: State = { name: "awaitHello" };

  constructor({ crypto }: { readonly crypto: CryptoProvider }) {
    this.#crypto = crypto;
  }

  start(): null {
    return null;
  }

  receive(frame: Frame): DatagramHandshakeStep | null {
    if (frame.type === FrameType.HELLO) return this.#takeHello(frame.payload);
    if (frame.type === FrameType.HELLO_ACK && frame.payload.length === HMAC_LENGTH) return this.#finish(frame.payload);
    return null;
  }

  providePsk(psk: Uint8Array | null): HandshakeFrame | null {
    if (this.#state.name !== "awaitPsk") return null;
    const { deviceId, pubC } = this.#state;
    const pair = this.#crypto.generateKeyPair();
    const nonce = this.#crypto.randomBytes(HANDSHAKE_NONCE_LENGTH);
    const transcript: Transcript = { deviceId, pubC, nonce, pubS: pair.publicKey };
    const payload = concat(nonce, pair.publicKey);
    const challenge: HandshakeFrame = { type: FrameType.CHALLENGE, seq: GATEWAY_SEQ, payload };
    // A device that is not known goes the same way, so that what it sees, and when, tells it nothing.
    const key = psk === null ? this.#crypto.randomBytes(KEY_LENGTH) : copyOf(psk);
    this.#state = { name: "awaitHelloAck", transcript, pair, psk: key, challenge, refused: false };
    return challenge;
  }

  timedOut(timeoutMs: number): UsmpError {
    const state = this.#state;
    if (state.name === "awaitPsk") return new UsmpError("AUTH", `the PSK lookup did not settle within ${timeoutMs} ms`);
    if (state.name === "awaitHelloAck" && state.refused)
      return new UsmpError("AUTH", "the device has no key or a wrong one: check its id and its PSK");
    return new UsmpError("TIMEOUT", `the device did not finish its handshake within ${timeoutMs} ms`);
  }

  wipe(): void {
    if (this.#state.name === "awaitHelloAck") {
      this.#state.pair.wipe();
      this.#crypto.wipe(this.#state.psk);
    }
    this.#state = { name: "over" };
  }

  #takeHello(payload: Uint8Array): DatagramHandshakeStep | null {
    if (payload.length !== HELLO_LENGTH && payload.length !== HELLO_WITH_COOKIE_LENGTH) return null;
    const state = this.#state;
    const hello = readHello(payload);
    switch (state.name) {
      case "awaitHello":
        this.#state = { name: "awaitPsk", ...hello };
        return { type: "lookup", deviceId: hello.deviceId };
      case "awaitPsk":
        return isSame(hello, state) ? { type: "again", send: [] } : null;
      case "awaitHelloAck":
        return isSame(hello, state.transcript) ? { type: "again", send: [state.challenge] } : null;
      case "over":
        return null;
    }
  }

  #finish(hmac: Uint8Array): DatagramHandshakeStep | null {
    const state = this.#state;
    if (state.name !== "awaitHelloAck") return null;
    const { transcript, pair, psk } = state;
    if (!this.#crypto.constantTimeEqual(hmacClient(this.#crypto, psk, transcript), hmac)) {
      this.#state = { ...state, refused: true };
      return null;
    }
    // Only now, so that nobody without the PSK makes us compute an exchange.
    const keys = deriveSessionKeys(this.#crypto, pair, transcript.pubC, transcript);
    if (keys === null)
      throw new UsmpError("AUTH", "the device sent a public key of low order: the connection was tampered with");
    const sessionId = this.#crypto.randomBytes(SESSION_ID_LENGTH);
    const payload = concat(sessionId, hmacServer(this.#crypto, psk, transcript, sessionId));
    this.wipe();
    const send: HandshakeFrame = { type: FrameType.SESSION_OK, seq: GATEWAY_SEQ, payload };
    return { type: "done", send, result: { deviceId: transcript.deviceId, sessionId, keys } };
  }
}

type Hello = Pick<Transcript, "deviceId" | "pubC">;

function isSame(a: Hello, b: Hello): boolean {
  return equalBytes(a.deviceId, b.deviceId) && equalBytes(a.pubC, b.pubC);
}
