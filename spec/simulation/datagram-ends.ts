import { DatagramConnection } from "../../lib/core/datagram/datagram-connection.js";
import { DatagramDeviceHandshake } from "../../lib/core/handshake/datagram-device.js";
import { DatagramGatewayHandshake } from "../../lib/core/handshake/datagram-gateway.js";
import type { CryptoProvider } from "../../lib/core/crypto-provider.js";
import type { UsmpError } from "../../lib/errors.js";
import { SessionDriver } from "../../lib/session/driver.js";
import type { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { DatagramPath } from "../../lib/testing/network/datagram-path.js";
import type { DatagramConditions } from "../../lib/testing/network/memory-conditions.js";
import type { SeededRandom } from "../../lib/transport/random.js";
import type { Link, LinkHandlers } from "../../lib/transport/transport.js";

const PSK = new TextEncoder().encode("a key for simulations");
const DEVICE_ID = Uint8Array.of(2, 0, 0, 0, 0, 1);

/** One end of a pair in memory. */
export class EndLink implements Link {
  readonly carries = "datagrams";
  readonly remoteAddress = "memory";
  readonly remotePort = 0;
  peer: EndLink | null = null;
  readonly #path: DatagramPath;
  readonly #conditions: DatagramConditions;
  #handlers: LinkHandlers | null = null;
  #closed = false;

  constructor(clock: VirtualClock, random: SeededRandom, conditions: DatagramConditions) {
    this.#path = new DatagramPath(clock, random);
    this.#conditions = conditions;
  }

  attach(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array, onFlushed: () => void): void {
    if (!this.#closed) this.#path.carry(bytes, this.#conditions, (datagram) => this.peer?.deliver(datagram));
    queueMicrotask(onFlushed);
  }

  deliver(datagram: Uint8Array): void {
    if (!this.#closed) this.#handlers?.onBytes(datagram);
  }

  pause(): void {}
  resume(): void {}
  unref(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#path.clear();
    queueMicrotask(() => this.#handlers?.onClose());
  }
}

/** A device or a gateway at one end of a pair, and all that it saw. */
export class SimulatedEnd {
  readonly driver: SessionDriver;
  readonly received: Uint8Array[] = [];
  established = false;
  rekeyed = 0;
  ended: UsmpError | null = null;

  constructor(role: "device" | "gateway", link: EndLink, clock: VirtualClock, crypto: CryptoProvider) {
    const handshake =
      role === "device"
        ? new DatagramDeviceHandshake({ crypto, psk: Uint8Array.from(PSK), deviceId: DEVICE_ID })
        : new DatagramGatewayHandshake({ crypto, decoyPsk: crypto.randomBytes(32) });
    const keepalive =
      role === "device"
        ? { pingAfterTxIdleMs: 30_000, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 30_000, idleTimeoutMs: 0 }
        : { pingAfterTxIdleMs: 0, pingAfterRxIdleMs: 30_000, pongTimeoutMs: 0, idleTimeoutMs: 60_000 };
    const connection = new DatagramConnection(
      { role, crypto, cipher: "aes-256-gcm", keepalive, handshake, handshakeTimeoutMs: 15_000 },
      clock.now(),
    );
    this.driver = new SessionDriver(
      { link, connection, settings: { clock, maxUnsentBytes: 65_536, closeTimeoutMs: 1_000 } },
      {
        onHello: () => this.driver.providePsk(PSK),
        onEstablished: () => this.#adopt(),
        onFailed: (error) => (this.ended = error),
      },
    );
  }

  #adopt(): void {
    this.established = true;
    this.driver.attach({
      onMessage: (data) => this.received.push(data),
      onPong: () => {},
      onRekeyed: () => this.rekeyed++,
      onDrain: () => {},
      onSendBackpressure: () => {},
      onClosed: (error) => (this.ended = error),
    });
  }
}
