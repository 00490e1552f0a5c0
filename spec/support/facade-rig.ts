import { expect } from "chai";

import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import { loadCrypto } from "../../lib/crypto/index.js";
import type { UsmpError } from "../../lib/errors.js";
import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { MemoryNetwork, type MemoryDialer } from "../../lib/testing/network/memory.js";
import type { Acceptor } from "../../lib/transport/transport.js";
import { Usmp, type UsmpOptions } from "../../lib/usmp.js";

export const PSK = "usmp-dev-psk-change-me-before-prod";

/** Loaded once, so that nothing in a simulation waits for the real event loop. */
export const crypto: CryptoProvider = await loadCrypto();

/** The first delay after a loss is at most this long where a rig's devices are not told otherwise. */
export const FIRST_WINDOW_MS = 2_000;

/** Facades on one network in memory, on simulated time. */
export class FacadeRig {
  readonly clock = new VirtualClock();
  readonly network = new MemoryNetwork({ clock: this.clock, seed: 4_711 });
  readonly #facades: Usmp[] = [];

  /** A facade on this rig's clock. */
  usmp(options: UsmpOptions = {}, psk: ConstructorParameters<typeof Usmp>[0] = PSK): Usmp {
    const facade = new Usmp(psk, { clock: this.clock, crypto, ...options });
    this.#facades.push(facade);
    return facade;
  }

  dialer(name?: string): MemoryDialer {
    return this.network.dialer(name);
  }

  acceptor(name?: string): Acceptor {
    return this.network.acceptor(name);
  }

  /** A facade that listens. */
  async gateway(options: UsmpOptions = {}, psk?: ConstructorParameters<typeof Usmp>[0]): Promise<Usmp> {
    const gateway = this.usmp(options, psk);
    await this.until(gateway.listen(this.acceptor()));
    return gateway;
  }

  /** A facade with a session to whoever listens. */
  async device(options: UsmpOptions = {}): Promise<Usmp> {
    const device = this.usmp(options);
    await this.connect(device);
    return device;
  }

  async connect(device: Usmp): Promise<void> {
    expect(await this.until(device.begin(this.dialer())), device.lastErrorString()).to.equal(true);
  }

  async pair(options: UsmpOptions = {}): Promise<{ readonly gateway: Usmp; readonly device: Usmp }> {
    const gateway = await this.gateway();
    return { gateway, device: await this.device(options) };
  }

  /** What is due now, and `ms` further. */
  pass(ms = 0): Promise<void> {
    return this.clock.advance(ms);
  }

  /** What `promise` settles to, within a minute of simulated time. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const onSettled = (): void => void (state.settled = true);
    promise.then(onSettled, onSettled);
    for (let step = 0; !state.settled && step < 120; step++) {
      await this.clock.advance(step < 4 ? 0 : 500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!state.settled) throw new Error("still pending after a minute of simulated time");
    return promise;
  }

  /** Closes every facade, and finds nothing left. */
  async end(): Promise<void> {
    this.network.thaw();
    await this.until(Promise.all(this.#facades.map((facade) => facade.close())));
    this.expectNothingLeft();
  }

  expectNothingLeft(): void {
    expect({ timers: this.clock.pending, cables: this.network.openCables }).to.deep.equal({ timers: 0, cables: 0 });
  }
}

/** What a facade tells, one short text per event, through its callbacks. */
export function record(facade: Usmp): string[] {
  const events: string[] = [];
  facade.onConnect(() => void events.push("connect"));
  facade.onReconnect(() => void events.push("reconnect"));
  facade.onMessage((data) => void events.push(`message ${Buffer.from(data).toString()}`));
  facade.onDisconnect((reason) => void events.push(`disconnect ${reason.code}`));
  facade.onError((error) => void events.push(`error ${error.code}`));
  return events;
}

/** What `promise` rejects with; throws where it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<UsmpError> {
  try {
    await promise;
  } catch (error) {
    return error as UsmpError;
  }
  throw new Error("resolved, but a rejection was expected");
}

/** What `step` throws; throws where it does not. */
export function thrownBy(step: () => unknown): UsmpError {
  try {
    step();
  } catch (error) {
    return error as UsmpError;
  }
  throw new Error("returned, but an error was expected");
}
