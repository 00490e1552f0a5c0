/**
 * A handshake over datagrams with somebody in the network who does not have the key: what that one sends is dropped, and the real
 * ends still come to a session (cases 18 and 61).
 */
import type { Role } from "../../lib/core/session/rekey-kdf.js";
import { isUtack } from "../../lib/core/wire/utack.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { filled, toHex } from "../support/core-bytes.js";
import { datagramDevice, datagramGateway, type DatagramEnd } from "../support/datagram-pair.js";
import type { Choices } from "./choices.js";
import {
  DEGENERATE,
  deviceCrypto,
  gatewayCrypto,
  LOW_ORDER,
  REAL,
  RETRY,
  STRANGER,
  WRONG,
} from "./handshake-script.js";
import { damaged, forged, forgedUtack } from "./hostile-frames.js";
import { hold, same } from "./invariant.js";

const MAX_OPERATIONS = 40;
/** Far longer than all repeats that these operations can make an end wait for. */
const TIMEOUT_MS = 400_000;
const HEALING_MS = 120_000;
/** A device keeps sixteen challenges and as many cookies: the real one and this many others. */
const MAX_STRANGE = 15;

export function attackDatagrams(role: Role, choices: Choices): void {
  const variant = choices.below(8);
  if (variant === 7) return meetDegenerate(role, choices);
  if (variant === 6 && role === "gateway") return meetUnknown(choices);
  new Network(role, choices).run();
}

class Network {
  readonly #choices: Choices;
  readonly #victim: Role;
  readonly #ends: Readonly<Record<Role, DatagramEnd>>;
  readonly #out: Readonly<Record<Role, Uint8Array[]>> = { device: [], gateway: [] };
  readonly #brought = { device: 0, gateway: 0 };
  /** What the device took for a challenge or a cookie, and was neither. */
  readonly #strange = new Set<string>();

  constructor(victim: Role, choices: Choices) {
    this.#victim = victim;
    this.#choices = choices;
    const options = { handshakeTimeoutMs: TIMEOUT_MS };
    this.#ends = {
      device: datagramDevice({ crypto: deviceCrypto, ...options }),
      gateway: datagramGateway({ crypto: gatewayCrypto, ...options }),
    };
    this.#collect();
    // The cookie in front of a gateway lets nobody else's HELLO be the first; and a device that was given a CHALLENGE says
    // HELLO no more, so that it does not survive one that is forged before its HELLO has arrived.
    this.#bringNext("device");
  }

  run(): void {
    for (let count = 0; !this.#choices.isOver && count < MAX_OPERATIONS; count++) {
      this.#step();
      this.#check();
    }
    this.#heal();
    for (const end of this.#all) {
      same(end.closed, undefined, `how the ${end.role} ended`);
      hold(end.established, `the ${end.role} has no session`);
    }
    const [device, gateway] = this.#all.map(sessionIdOf);
    same(device, gateway, "the session's id");
    for (const end of this.#all) end.send(filled(2, 0x55));
    this.#collect();
    this.#heal();
    for (const end of this.#all) same(end.texts.join(), "UU", `what the ${end.role} got`);
  }

  get #all(): readonly DatagramEnd[] {
    return [this.#ends.device, this.#ends.gateway];
  }

  #step(): void {
    const choices = this.#choices;
    switch (choices.below(10)) {
      case 0:
        return this.#bringNext("device");
      case 1:
        return this.#bringNext("gateway");
      case 2:
        return this.#lose(choices.below(2) === 0 ? "device" : "gateway");
      case 3: {
        const from = choices.below(2) === 0 ? "device" : "gateway";
        const datagram = this.#out[from][choices.byte() % Math.max(1, this.#out[from].length)];
        if (datagram !== undefined) this.#put(from === "device" ? "gateway" : "device", datagram);
        return;
      }
      case 4: {
        const due = this.#nextDeadline();
        if (due < Infinity) this.#passTo(due);
        return;
      }
      default:
        return this.#attack();
    }
  }

  #attack(): void {
    const choices = this.#choices;
    const theirs = this.#out[this.#victim === "device" ? "gateway" : "device"];
    const own = this.#out[this.#victim];
    const pick = (from: readonly Uint8Array[]): Uint8Array => from[choices.byte() % Math.max(1, from.length)] ?? RETRY;
    const strangers =
      this.#victim === "device"
        ? [RETRY, STRANGER.challenge, STRANGER.sessionOk, WRONG.challenge, WRONG.sessionOk]
        : [STRANGER.hello, STRANGER.helloAck, WRONG.helloAck];
    let datagram: Uint8Array;
    switch (choices.below(6)) {
      case 0:
        datagram = choices.of(strangers);
        break;
      case 1:
        datagram = damaged(choices, choices.below(2) === 0 ? pick(theirs) : choices.of(strangers));
        break;
      case 2:
        datagram = pick(own);
        break;
      case 3:
        datagram = forgedUtack(choices, own.findLast((sent) => !isUtack(sent)) ?? REAL.hello);
        break;
      case 4:
        datagram = forged(choices);
        break;
      default:
        datagram = choices.bytes(choices.below(40));
    }
    if (this.#isAllowed(datagram)) this.#put(this.#victim, datagram);
  }

  /** What the handshake does not promise to survive. */
  #isAllowed(datagram: Uint8Array): boolean {
    const type = datagram[3];
    if (this.#victim === "gateway" || (type !== FrameType.CHALLENGE && type !== FrameType.HELLO_RETRY)) return true;
    const payload = `${type} ${toHex(datagram.subarray(12))}`;
    if (payload === `${FrameType.CHALLENGE} ${toHex(REAL.challenge.subarray(12))}`) return true;
    if (this.#strange.size >= MAX_STRANGE && !this.#strange.has(payload)) return false;
    this.#strange.add(payload);
    return true;
  }

  #put(to: Role, datagram: Uint8Array): void {
    const lent = Uint8Array.from(datagram);
    this.#ends[to].receive(lent);
    lent.fill(0xee);
    this.#collect();
  }

  #bringNext(from: Role): void {
    const datagram = this.#out[from][this.#brought[from]];
    if (datagram === undefined) return;
    this.#brought[from]++;
    this.#put(from === "device" ? "gateway" : "device", datagram);
  }

  #lose(from: Role): void {
    if (this.#brought[from] < this.#out[from].length) this.#brought[from]++;
  }

  #collect(): void {
    for (const role of ["device", "gateway"] as const) this.#out[role].push(...this.#ends[role].output());
  }

  #nextDeadline(): number {
    return Math.min(...this.#all.map(({ connection }) => connection.nextDeadline()));
  }

  #passTo(now: number): void {
    for (const end of this.#all) {
      end.now = Math.max(end.now, now);
      if (end.connection.nextDeadline() <= end.now) end.connection.handleDeadline(end.now);
    }
    this.#collect();
  }

  #heal(): void {
    const until = this.#ends.device.now + HEALING_MS;
    for (;;) {
      while (this.#all.some(({ role }) => this.#brought[role] < this.#out[role].length)) {
        this.#bringNext("device");
        this.#bringNext("gateway");
      }
      const due = this.#nextDeadline();
      if (due > until) return;
      this.#passTo(due);
    }
  }

  #check(): void {
    for (const end of this.#all) same(end.closed, undefined, `how the ${end.role} ended`);
    const { device, gateway } = this.#ends;
    if (device.established) hold(gateway.established, "a device has a session that no gateway gave it");
  }
}

/** Somebody who has the key, and a public key of low order (case 15): AUTH, and no session. */
function meetDegenerate(role: Role, choices: Choices): void {
  const which = choices.below(LOW_ORDER.length);
  const { device, gateway } = DEGENERATE[which]!;
  const end = role === "device" ? datagramDevice({ crypto: deviceCrypto }) : datagramGateway({ crypto: gatewayCrypto });
  end.receive(...(role === "device" ? [device.challenge, device.sessionOk] : [gateway.hello, gateway.helloAck]));
  same(end.closed, "AUTH", "how it ends");
  hold(!end.established, "a session with a secret that everybody knows");
}

/** A gateway that does not know the device, or is never told: no proof helps, and it says why at the deadline. */
function meetUnknown(choices: Choices): void {
  const isTold = choices.below(2) === 0;
  const end = datagramGateway({ crypto: gatewayCrypto, psk: isTold ? null : undefined });
  const frames = [REAL.hello, REAL.helloAck, WRONG.helloAck, STRANGER.hello, STRANGER.helloAck];
  let isRefused = false;
  end.receive(REAL.hello);
  while (!choices.isOver) {
    const frame = choices.below(3) === 0 ? forged(choices) : choices.of(frames);
    isRefused ||= isTold && frame[3] === FrameType.HELLO_ACK && frame.length === 44;
    end.receive(frame);
    same(end.closed, undefined, "how it ends");
  }
  end.pass(15_000);
  same(end.closed, isRefused || !isTold ? "AUTH" : "TIMEOUT", "how it ends");
  hold(!end.established, "a session for a device that nobody knows");
}

function sessionIdOf(end: DatagramEnd): string | undefined {
  const event = end.events.find(({ type }) => type === "established");
  return event?.type === "established" ? toHex(event.sessionId) : undefined;
}
