/** A gateway and devices on a network in memory and a simulated clock: every deadline can be reached without waiting. */
import { UsmpClient, type UsmpClientOptions } from "../../lib/device/client.js";
import { UsmpServer, type UsmpServerOptions } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryNetwork, type MemoryDialerOptions } from "../../lib/testing/network/memory.js";
import { crypto } from "./core-crypto.js";
import { onClock } from "./session-waits.js";

export const TEXT_PSK = "sixteen bytes or more";
export const DEVICE_A = "24:0a:c4:00:00:0a";
export const DEVICE_B = "24:0a:c4:00:00:0b";

export class NetworkRig {
  readonly clock = new VirtualClock(5_000);
  readonly network: MemoryNetwork;
  readonly server: UsmpServer;
  /** Every session the gateway had. */
  readonly sessions: UsmpSession[] = [];
  /** What the gateway told: `"session <id>"`, `"timeout <id>"`, `"refused <code>"`, `"error <code>"`. */
  readonly events: string[] = [];

  constructor(options: Partial<UsmpServerOptions> = {}, { seed = 0, listenForErrors = true } = {}) {
    this.network = new MemoryNetwork({ clock: this.clock, seed });
    this.server = new UsmpServer({ psk: TEXT_PSK, clock: this.clock, crypto, ...options });
    this.server.on("session", (session) => {
      this.sessions.push(session);
      this.events.push(`session ${session.deviceId}`);
    });
    this.server.on("timeout", (deviceId) => this.events.push(`timeout ${deviceId}`));
    this.server.on("refused", ({ code }) => this.events.push(`refused ${code}`));
    if (listenForErrors) this.server.on("error", ({ code }) => this.events.push(`error ${code}`));
  }

  async listen(): Promise<this> {
    await this.server.listen(this.network.acceptor());
    return this;
  }

  client(options: Partial<UsmpClientOptions> = {}, dialer: MemoryDialerOptions = {}): UsmpClient {
    return new UsmpClient({
      transport: this.network.dialer(undefined, dialer),
      psk: TEXT_PSK,
      deviceId: DEVICE_A,
      clock: this.clock,
      crypto,
      ...options,
    });
  }

  /** A connected client. */
  async connected(options: Partial<UsmpClientOptions> = {}, dialer: MemoryDialerOptions = {}): Promise<UsmpClient> {
    const client = this.client(options, dialer);
    await this.settled(client.connect());
    return client;
  }

  /** Settles `promise` while time stands still. */
  settled<T>(promise: Promise<T>): Promise<T> {
    return onClock(this.clock, promise);
  }

  /** Lets everything happen that needs no time. */
  async still(): Promise<void> {
    await this.clock.advance(0);
  }
}
