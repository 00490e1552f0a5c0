/** Facades on one network of datagrams in memory, on simulated time. */
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryDatagramNetwork } from "../../lib/testing/network/memory-datagrams.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { Usmp, type UsmpOptions } from "../../lib/usmp.js";
import { nameOf } from "./datagram-pair.js";
import { crypto, PSK } from "./facade-rig.js";
import { onClock } from "./session-waits.js";

export class DatagramRig {
  readonly clock = new VirtualClock(1_000);
  readonly network = new MemoryDatagramNetwork({ clock: this.clock, seed: 38 });
  readonly gateway: Usmp;
  /** What the gateway told, in order. */
  readonly events: string[] = [];
  readonly sessions: UsmpSession[] = [];
  /** Every datagram that was sent, by name. */
  readonly wire: string[] = [];
  readonly #facades: Usmp[] = [];

  constructor(options: UsmpOptions = {}) {
    this.gateway = this.usmp(options);
    this.gateway.onConnect((session) => (this.sessions.push(session), this.events.push(`connect ${session.deviceId}`)));
    this.gateway.onDisconnect((reason, session) => this.events.push(`disconnect ${session.deviceId} ${reason.code}`));
    this.gateway.on("refused", ({ code }) => this.events.push(`refused ${code}`));
    this.gateway.onMessage((data, _length, session) => {
      this.events.push(`message ${Buffer.from(data).toString()}`);
      session.send(data);
    });
    this.network.tap = (datagram) => this.wire.push(nameOf(datagram));
  }

  usmp(options: UsmpOptions = {}, psk = PSK): Usmp {
    const facade = new Usmp(psk, { clock: this.clock, crypto, ...options });
    this.#facades.push(facade);
    return facade;
  }

  async listen(): Promise<this> {
    await this.until(this.gateway.listen(this.network.acceptor()));
    return this;
  }

  /** Settles `promise`, moving time as far as it takes. */
  until<Value>(promise: Promise<Value>): Promise<Value> {
    return onClock(this.clock, promise, 250);
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.#facades.map((facade) => facade.close()));
    await this.clock.advance(5_000);
    await closing;
  }
}
