/**
 * The gateway's end of the handshake over datagrams (§3, §6). It begins with a HELLO whose cookie has verified.
 *
 *     [awaitHello] -- HELLO --> lookup -> [awaitPsk] -- providePsk --> CHALLENGE -> [awaitHelloAck]
 *                                                                                         | HELLO_ACK, verified
 *                                                                                         v
 *                                                                                 SESSION_OK, done
 *
 * A repeated frame gets the same answer, byte for byte. A wrong HELLO_ACK is dropped, and reported as AUTH at the
 * deadline.
 */
import { UsmpError } from "../../errors.js";
import { equalBytes } from "../wire/bytes.js";
import type { DatagramHandshake, DatagramHandshakeStep } from "./datagram-step.js";
import type { Frame } from "../wire/frame.js";
import { PskVerifier, lateLookup, wrongKey, type GatewayHandshakeOptions, type PskMatch } from "./psk-verifier.js";
import type { HandshakeFrame } from "./handshake.js";
import { concluded, type Transcript } from "./key-derivation.js";
import { HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH, readHello } from "../wire/handshake-payloads.js";
import { FrameType, HMAC_LENGTH } from "../wire/wire.js";

type State =
  | { readonly name: "awaitHello" }
  | { readonly name: "awaitPsk"; readonly deviceId: Uint8Array; readonly pubC: Uint8Array }
  | { readonly name: "awaitHelloAck"; readonly verifier: PskVerifier }
  | { readonly name: "over" };

export class DatagramGatewayHandshake implements DatagramHandshake {
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

  receive(frame: Frame): DatagramHandshakeStep | null {
    if (frame.type === FrameType.HELLO) return this.#takeHello(frame.payload);
    if (frame.type === FrameType.HELLO_ACK && frame.payload.length === HMAC_LENGTH) return this.#finish(frame.payload);
    return null;
  }

  providePsk(psk: Uint8Array | null, previousPsk: Uint8Array | null = null): HandshakeFrame | null {
    if (this.#state.name !== "awaitPsk") return null;
    const verifier = new PskVerifier(this.#options, this.#state, psk, previousPsk);
    this.#state = { name: "awaitHelloAck", verifier };
    return verifier.challenge;
  }

  timedOut(timeoutMs: number): UsmpError {
    if (this.#state.name === "awaitPsk") return lateLookup(timeoutMs);
    if (this.#proof === "wrong") return wrongKey();
    return new UsmpError("TIMEOUT", `the device did not finish its handshake within ${timeoutMs} ms`);
  }

  wipe(): void {
    const state = this.#state;
    this.#state = { name: "over" };
    if (state.name === "awaitHelloAck") state.verifier.wipe();
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
        return isSame(hello, state.verifier.transcript) ? { type: "again", send: [state.verifier.challenge] } : null;
      case "over":
        return null;
    }
  }

  #finish(hmac: Uint8Array): DatagramHandshakeStep | null {
    if (this.#state.name !== "awaitHelloAck") return null;
    const { verifier } = this.#state;
    const agreed = verifier.verify(hmac);
    this.#proof = agreed?.proof ?? "wrong";
    if (agreed === null) return null;
    // Before SESSION_OK is sent: the device's first frame, which may follow at once, needs the keys (§3).
    const result = concluded(verifier.conclude(agreed.sessionId), () => this.wipe());
    return { type: "done", send: agreed.sessionOk, result };
  }
}

type Hello = Pick<Transcript, "deviceId" | "pubC">;

function isSame(a: Hello, b: Hello): boolean {
  return equalBytes(a.deviceId, b.deviceId) && equalBytes(a.pubC, b.pubC);
}
