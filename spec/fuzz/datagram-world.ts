/** Two ends of a session over datagrams, on a network whose every delivery the fuzzer chooses. */
import { UsmpError } from "../../lib/errors.js";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { toHex } from "../support/core-bytes.js";
import { establishedDatagramEnd, type DatagramEnd } from "../support/datagram-pair.js";
import { hold, same } from "./invariant.js";

export const SIDES = ["device", "gateway"] as const;
export type Side = (typeof SIDES)[number];

/** A deadline that passes and changes nothing comes again at once: more than this many at one time is a busy loop. */
const MAX_DEADLINES = 10_000;

export function other(side: Side): Side {
  return side === "device" ? "gateway" : "device";
}

export class DatagramWorld {
  readonly ends: Readonly<Record<Side, DatagramEnd>>;
  /** All that each end ever put out, and how much of that was brought to its peer. */
  readonly out: Readonly<Record<Side, Uint8Array[]>> = { device: [], gateway: [] };
  readonly brought: Record<Side, number> = { device: 0, gateway: 0 };
  readonly sent: Readonly<Record<Side, string[]>> = { device: [], gateway: [] };
  /** Events that were looked at, and the messages among them. */
  readonly #heard = { device: 0, gateway: 0 };
  readonly #delivered = { device: 0, gateway: 0 };
  now = 0;

  constructor(ends: Readonly<Record<Side, DatagramEnd>>) {
    this.ends = ends;
    this.now = Math.max(ends.device.now, ends.gateway.now);
  }

  /** Two ends under the rig's keys. */
  static agreed(crypto: CryptoProvider): DatagramWorld {
    return new DatagramWorld({
      device: establishedDatagramEnd("device", { crypto }),
      gateway: establishedDatagramEnd("gateway", { crypto }),
    });
  }

  send(from: Side, message: Uint8Array): void {
    if (this.ends[from].closed !== undefined) return;
    this.ends[from].connection.send(message, this.now);
    this.sent[from].push(toHex(message));
    this.#collect(from);
  }

  /** Anything that an end does by itself. */
  act(from: Side, action: (end: DatagramEnd) => void): void {
    action(this.ends[from]);
    this.#collect(from);
  }

  close(from: Side): void {
    this.act(from, ({ connection }) => connection.close(new UsmpError("CLOSED", "enough"), this.now));
  }

  /** Brings one of an end's datagrams, new or old, to its peer. */
  bring(from: Side, index: number): void {
    const datagram = this.out[from][index];
    if (datagram !== undefined) this.put(other(from), datagram);
  }

  /** Brings the next one that was not. */
  bringNext(from: Side): void {
    if (this.brought[from] < this.out[from].length) this.bring(from, this.brought[from]++);
  }

  put(to: Side, datagram: Uint8Array): void {
    // Borrowed for the call: what the end keeps has to be a copy.
    const lent = Uint8Array.from(datagram);
    this.ends[to].connection.receive(lent, this.now);
    lent.fill(0xee);
    this.#collect(to);
  }

  /** Lets time pass, doing what falls due on the way. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let count = 0; this.nextDeadline() <= until; count++) {
      hold(count < MAX_DEADLINES, "a deadline that does nothing, over and over");
      this.now = Math.max(this.now, this.nextDeadline());
      for (const side of SIDES) {
        const { connection } = this.ends[side];
        if (connection.nextDeadline() <= this.now) connection.handleDeadline(this.now);
        this.#collect(side);
      }
    }
    this.now = until;
  }

  /** The clock stands still, as of a process that was stopped, and then all is due at once. */
  jump(ms: number): void {
    this.now += ms;
    for (const side of SIDES) this.act(side, ({ connection }) => connection.handleDeadline(this.now));
  }

  nextDeadline(): number {
    return Math.min(...SIDES.map((side) => this.ends[side].connection.nextDeadline()));
  }

  /** From here on the network loses nothing: everything comes to an end. */
  heal(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      for (const side of SIDES) this.setReading(side, true);
      while (SIDES.some((side) => this.brought[side] < this.out[side].length)) {
        for (const side of SIDES) this.bringNext(side);
      }
      const due = this.nextDeadline();
      if (due > until) return;
      this.pass(Math.max(due - this.now, 0));
    }
  }

  setReading(side: Side, reading: boolean): void {
    this.act(side, ({ connection }) => connection.setReading(reading, this.now));
  }

  /** What comes out of an end is what its peer sent, from the first message on, each once. */
  check(): void {
    for (const side of SIDES) {
      const expected = this.sent[other(side)];
      const { events } = this.ends[side];
      for (; this.#heard[side] < events.length; this.#heard[side]++) {
        const event = events[this.#heard[side]]!;
        if (event.type !== "message") continue;
        const at = this.#delivered[side]++;
        same(toHex(event.data), expected[at], `message ${at} at the ${side}`);
      }
    }
  }

  /** How many messages came out of an end. */
  delivered(side: Side): number {
    return this.#delivered[side];
  }

  #collect(side: Side): void {
    this.out[side].push(...this.ends[side].output());
  }
}
