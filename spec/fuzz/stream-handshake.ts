/** A handshake over a stream, against a model of §3 that is told each frame: it closes at the first that does not belong. */
import { readDatagram } from "../../lib/core/wire/datagram-frame.js";
import { payloadLength } from "../../lib/core/wire/frame.js";
import { hmacClient, hmacServer, type Transcript } from "../../lib/core/handshake/key-derivation.js";
import type { Role } from "../../lib/core/session/rekey-kdf.js";
import { FrameType, isSessionType } from "../../lib/core/wire/wire.js";
import { concat } from "../../lib/core/wire/bytes.js";
import { filled, toHex } from "../support/core-bytes.js";
import { crypto } from "../support/core-crypto.js";
import { DEVICE_ID, deviceEnd, gatewayEnd, PSK, undecidedGatewayEnd, type End } from "../support/core-pair.js";
import type { Choices } from "./choices.js";
import {
  DEGENERATE,
  deviceCrypto,
  gatewayCrypto,
  LOW_ORDER,
  REAL,
  RETRY,
  STRANGER,
  WITH_COOKIE,
  WRONG,
} from "./handshake-script.js";
import { damaged, forged } from "./hostile-frames.js";
import { hold, same } from "./invariant.js";

const MAX_FRAMES = 8;
/** That of `deviceEnd` and `gatewayEnd`. */
const TIMEOUT_MS = 10_000;

/** What an end is after a frame: "open", "established", or closed with this code. */
type Outcome = string;

export function attackStream(role: Role, choices: Choices): void {
  const lookup = role === "device" ? "known" : choices.of(LOOKUPS);
  const end = role === "device" ? deviceEnd({ crypto: deviceCrypto }) : gatewayOf(lookup);
  const model = role === "device" ? new DeviceModel() : new GatewayModel(lookup !== "unknown");
  const hello = end.frames();
  if (role === "device") same(toHex(concat(...hello)), toHex(REAL.hello), "HELLO");
  let now = 0;
  let outcome: Outcome = "open";
  for (let count = 0; !choices.isOver && outcome === "open" && count < MAX_FRAMES; count++) {
    if (choices.below(16) === 15) now = Math.min(now + choices.uint16(), TIMEOUT_MS - 1);
    end.connection.handleDeadline(now);
    if (lookup === "late" && choices.below(2) === 1) {
      end.connection.providePsk(PSK);
      model.learn(end.frames());
    }
    const bytes = someBytes(role, choices);
    const cut = choices.uint16() % (bytes.length + 1);
    end.receive(bytes.subarray(0, cut), now);
    end.receive(bytes.subarray(cut), now);
    const length = bytes.length < 12 ? bytes.length : 12 + payloadLength(bytes, 0);
    const frame = readDatagram(bytes.subarray(0, length));
    if (frame === null) return expectNoise(end);
    outcome = isSessionType(frame.type) ? "HANDSHAKE" : model.judge(frame.type, frame.payload);
    if (length < bytes.length) return expectNoise(end, outcome === "established");
    check(end, outcome);
    model.learn(end.frames());
  }
  if (outcome !== "open") return;
  end.connection.handleDeadline(TIMEOUT_MS);
  check(end, model.timedOut);
}

/** What the gateway's owner says when it is asked for the device's key. */
const LOOKUPS = ["known", "known", "unknown", "late"] as const;

function gatewayOf(lookup: (typeof LOOKUPS)[number]): End {
  if (lookup === "late") return undecidedGatewayEnd({ crypto: gatewayCrypto });
  return gatewayEnd({ crypto: gatewayCrypto, psk: lookup === "known" ? PSK : null });
}

function check(end: End, outcome: Outcome): void {
  const isOpen = outcome === "open" || outcome === "established";
  same(end.closed, isOpen ? undefined : outcome, "how it ends");
  same(end.established, outcome === "established", "whether it is established");
  same(end.messages.length, 0, "messages from nobody");
}

/** What was no frame, or had more behind it: it never passes for a handshake. */
function expectNoise(end: End, mayBeEstablished = false): void {
  end.receive(filled(600, 0));
  hold(end.closed !== undefined, "noise is taken for something");
  hold(mayBeEstablished || !end.established, "established out of noise");
}

/** What anybody may send to this end: the real frames, in any order; those of others; or none. */
function someBytes(role: Role, choices: Choices): Uint8Array {
  const own = role === "device" ? [REAL.hello, REAL.helloAck] : [REAL.challenge, REAL.sessionOk];
  const toDevice = [REAL, STRANGER, WRONG, ...DEGENERATE.map(({ device }) => device)];
  const toGateway = [REAL, STRANGER, WRONG, ...DEGENERATE.map(({ gateway }) => gateway)];
  const real =
    role === "device"
      ? [RETRY, ...toDevice.flatMap(({ challenge, sessionOk }) => [challenge, sessionOk])]
      : [WITH_COOKIE, ...toGateway.flatMap(({ hello, helloAck }) => [hello, helloAck])];
  switch (choices.below(8)) {
    case 0:
    case 1:
    case 2:
      return choices.of(real);
    case 3:
      // The frames that go on where the last one left off.
      return choices.of(real.slice(0, 3));
    case 4:
      return damaged(choices, choices.of(real));
    case 5:
      return forged(choices);
    case 6:
      return choices.of(own);
    default:
      return concat(choices.of(real), choices.bytes(choices.below(30)));
  }
}

abstract class Model {
  /** What this frame leads to. */
  abstract judge(type: number, payload: Uint8Array): Outcome;
  /** What it is that the deadline passed. */
  get timedOut(): Outcome {
    return "TIMEOUT";
  }

  /** The end's own answers. */
  abstract learn(frames: readonly Uint8Array[]): void;
}

class DeviceModel extends Model {
  #retried = false;
  #challenge: Uint8Array | null = null;

  judge(type: number, payload: Uint8Array): Outcome {
    if (this.#challenge === null) {
      if (type === FrameType.HELLO_RETRY && !this.#retried && payload.length === 16) {
        this.#retried = true;
        return "open";
      }
      if (type !== FrameType.CHALLENGE || payload.length !== 64) return "HANDSHAKE";
      this.#challenge = Uint8Array.from(payload);
      return "open";
    }
    if (type !== FrameType.SESSION_OK || payload.length !== 48) return "HANDSHAKE";
    const [nonce, pubS] = [this.#challenge.subarray(0, 32), this.#challenge.subarray(32)];
    const transcript: Transcript = { deviceId: DEVICE_ID, pubC: REAL.hello.subarray(18), nonce, pubS };
    const right = hmacServer(crypto, PSK, transcript, payload.subarray(0, 16));
    if (toHex(right) !== toHex(payload.subarray(16))) return "AUTH";
    return isLowOrder(pubS) ? "AUTH" : "established";
  }

  learn(): void {}
}

class GatewayModel extends Model {
  readonly #knowsDevice: boolean;
  #hello: Uint8Array | null = null;
  #challenge: Uint8Array | null = null;

  constructor(knowsDevice: boolean) {
    super();
    this.#knowsDevice = knowsDevice;
  }

  override get timedOut(): Outcome {
    return this.#hello !== null && this.#challenge === null ? "AUTH" : "TIMEOUT";
  }

  judge(type: number, payload: Uint8Array): Outcome {
    if (this.#hello === null) {
      if (type !== FrameType.HELLO || (payload.length !== 38 && payload.length !== 54)) return "HANDSHAKE";
      this.#hello = Uint8Array.from(payload);
      return "open";
    }
    if (type !== FrameType.HELLO_ACK || payload.length !== 32 || this.#challenge === null) return "HANDSHAKE";
    const transcript: Transcript = {
      deviceId: this.#hello.subarray(0, 6),
      pubC: this.#hello.subarray(6, 38),
      nonce: this.#challenge.subarray(0, 32),
      pubS: this.#challenge.subarray(32),
    };
    if (!this.#knowsDevice || toHex(hmacClient(crypto, PSK, transcript)) !== toHex(payload)) return "AUTH";
    return isLowOrder(transcript.pubC) ? "AUTH" : "established";
  }

  learn(frames: readonly Uint8Array[]): void {
    for (const frame of frames) if (frame[3] === FrameType.CHALLENGE) this.#challenge = frame.slice(12);
  }
}

function isLowOrder(key: Uint8Array): boolean {
  return LOW_ORDER.some((low) => toHex(low) === toHex(key));
}
