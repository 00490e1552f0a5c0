/**
 * The gateway's end of the handshake over a stream (§3), called "server" on the wire.
 *
 *     [awaitHello] -- HELLO --> lookup -> [awaitPsk] -- providePsk --> CHALLENGE -> [awaitHelloAck]
 *                                                                                         | HELLO_ACK, verified
 *                                                                                         v
 *                                                                            SESSION_OK, done -> [agreed]
 *                                                                                         | conclude
 *                                                                                         v
 *                                                                                    the session's keys
 *
 * An unknown device passes through the same states, with a random key, so it cannot tell that it is unknown.
 */
import { UsmpError } from "../../errors.js";
import type { Frame } from "../wire/frame.js";
import { PskVerifier, lateLookup, wrongKey, type GatewayHandshakeOptions, type PskMatch } from "./psk-verifier.js";
import { expectFrame, type Handshake, type HandshakeFrame, type HandshakeStep } from "./handshake.js";
import { concluded, type HandshakeResult } from "./key-derivation.js";
import { HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH, readHello } from "../wire/handshake-payloads.js";
import { FrameType, HMAC_LENGTH } from "../wire/wire.js";

type State =
  | { readonly name: "awaitHello" }
  | { readonly name: "awaitPsk"; readonly deviceId: Uint8Array; readonly pubC: Uint8Array }
  | { readonly name: "awaitHelloAck"; readonly verifier: PskVerifier }
  | { readonly name: "agreed"; readonly verifier: PskVerifier; readonly sessionId: Uint8Array }
  | { readonly name: "over" };

export class StreamGatewayHandshake implements Handshake {
  readonly #options: GatewayHandshakeOptions;
  #state: State = { name: "awaitHello" };
  #proof: PskMatch = "none";

  constructor(options: GatewayHandshakeOptions) {
    this.#options = options;
  }

  /** What the device has proved so far. Stays readable after the handshake. */
  get proof(): PskMatch {
    return this.#proof;
  }

  start(): null {
    return null;
  }

  receive(frame: Frame): HandshakeStep {
    switch (this.#state.name) {
      case "awaitHello":
        return this.#takeHello(frame);
      case "awaitHelloAck":
        return this.#finish(frame, this.#state.verifier);
      case "awaitPsk":
        throw new UsmpError("HANDSHAKE", "the device sent another frame before it got CHALLENGE");
      case "agreed":
      case "over":
        throw new UsmpError("HANDSHAKE", "the handshake is over already");
    }
  }

  providePsk(psk: Uint8Array | null, previousPsk: Uint8Array | null = null): HandshakeFrame | null {
    if (this.#state.name !== "awaitPsk") return null;
    const verifier = new PskVerifier(this.#options, this.#state, psk, previousPsk);
    this.#state = { name: "awaitHelloAck", verifier };
    return verifier.challenge;
  }

  prepare(): void {
    if (this.#state.name === "awaitHelloAck") this.#state.verifier.prepare();
  }

  conclude(): HandshakeResult {
    if (this.#state.name !== "agreed") throw new UsmpError("HANDSHAKE", "the handshake is not done, or over already");
    return concluded(this.#state.verifier.conclude(this.#state.sessionId), () => this.wipe());
  }

  endedEarly(cause?: UsmpError): UsmpError {
    return new UsmpError("TRANSPORT", "the device closed the connection during the handshake", { cause });
  }

  timedOut(timeoutMs: number): UsmpError {
    if (this.#state.name === "awaitPsk") return lateLookup(timeoutMs);
    return new UsmpError("TIMEOUT", `the device did not finish its handshake within ${timeoutMs} ms`);
  }

  wipe(): void {
    const state = this.#state;
    this.#state = { name: "over" };
    if (state.name === "awaitHelloAck" || state.name === "agreed") state.verifier.wipe();
  }

  #takeHello(frame: Frame): HandshakeStep {
    // A cookie is for UDP; over a stream it is accepted and ignored (§3).
    expectFrame(frame, FrameType.HELLO, HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH);
    const hello = readHello(frame.payload);
    this.#state = { name: "awaitPsk", ...hello };
    return { type: "lookup", deviceId: hello.deviceId };
  }

  #finish(frame: Frame, verifier: PskVerifier): HandshakeStep {
    expectFrame(frame, FrameType.HELLO_ACK, HMAC_LENGTH);
    const agreed = verifier.verify(frame.payload);
    this.#proof = agreed?.proof ?? "wrong";
    if (agreed === null) throw wrongKey();
    this.#state = { name: "agreed", verifier, sessionId: agreed.sessionId };
    return { type: "done", frame: agreed.sessionOk };
  }
}
