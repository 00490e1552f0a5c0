/**
 * Sits between the gateway's datagram socket and its sessions. It asks strangers for a cookie and keeps no state for
 * them until the cookie returns. Then it gives each handshake, and the session that results, a link of its own.
 *
 *     HELLO --> HELLO_RETRY (nothing kept)          HELLO with its cookie --> joining --- HELLO_ACK verified ---> live
 *
 * One address and port may have a live session and a joining handshake at once: a device that restarted, or another one
 * behind the same port. The live session gets the session frames until the joining one replaces it.
 */
import { copyOf, equalBytes } from "../../core/wire/bytes.js";
import type { Clock } from "../../core/clock.js";
import type { CryptoProvider } from "../../core/crypto-provider.js";
import { plainDatagram, readDatagram } from "../../core/wire/datagram-frame.js";
import { GATEWAY_SEQ, HELLO_LENGTH, HELLO_WITH_COOKIE_LENGTH } from "../../core/wire/handshake-payloads.js";
import { RepeatAllowance } from "../../core/datagram/repeat-allowance.js";
import { TokenBucket } from "../../core/token-bucket.js";
import { bareUtack, isUtack } from "../../core/wire/utack.js";
import { FrameType, HEADER_LENGTH, isSessionType } from "../../core/wire/wire.js";
import { isUsmpError, UsmpError } from "../../errors.js";
import { contain } from "../../transport/contained.js";
import type { DatagramAcceptor, DatagramPeer, Link, Listener } from "../../transport/transport.js";
import { Cookies } from "./cookies.js";
import { DatagramLink } from "./datagram-link.js";
import type { GatewayLimits } from "../admission/limits.js";

interface FrontHandlers {
  /**
   * A device has returned its cookie. Destroys its link to refuse it; else calls `onEstablished` once it proves its
   * key.
   */
  onLink(link: Link, onEstablished: () => void): void;
  onError(error: UsmpError): void;
}

/** A link, and the `device_id || pub_C` (38 bytes) of the HELLO that it began with. */
interface PeerEntry {
  readonly link: DatagramLink;
  readonly hello: Uint8Array;
  /** Limits how often that HELLO is passed on again. */
  readonly repeats: RepeatAllowance;
}

/** What is known of one address and port. */
interface PeerSlot {
  live: PeerEntry | null;
  joining: PeerEntry | null;
  /** Limits how often another handshake may begin there: two alternating HELLOs must not get more answers than one. */
  readonly beginnings: RepeatAllowance;
}

interface FrontOptions extends Pick<GatewayLimits, "maxCookiesPerSecond" | "cookieMs"> {
  readonly clock: Clock;
}

export class UdpDemultiplexer {
  readonly #clock: Clock;
  readonly #handlers: FrontHandlers;
  readonly #cookies: Cookies;
  /** In total, and not per address: an attacker can forge any address. */
  readonly #retries: TokenBucket;
  readonly #places = new Map<string, PeerSlot>();
  #closing = false;
  #fails = false;
  /** Resolves once no peer is admitted and all links are gone. */
  readonly #drained: Promise<void>;
  #onDeserted: () => void = () => {};

  private constructor(crypto: CryptoProvider, options: FrontOptions, handlers: FrontHandlers) {
    const { clock, cookieMs, maxCookiesPerSecond } = options;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#retries = new TokenBucket({ perSecond: maxCookiesPerSecond }, clock.now());
    this.#cookies = new Cookies(crypto, clock.now(), cookieMs);
    this.#drained = new Promise((resolve) => (this.#onDeserted = resolve));
  }

  /**
   * Listens, as a stream acceptor does. `close` of the result waits until the links, which share the socket, are gone.
   */
  static async listen(
    acceptor: DatagramAcceptor,
    crypto: CryptoProvider,
    options: FrontOptions,
    handlers: FrontHandlers,
  ): Promise<Listener> {
    const front = new UdpDemultiplexer(crypto, options, handlers);
    const listener = await acceptor.listen({
      onDatagram: (datagram, from) => front.#receive(datagram, from),
      onError: (error) => handlers.onError(error),
    });
    return {
      kind: listener.kind,
      address: listener.address,
      port: listener.port,
      close: async () => {
        await front.#close();
        await listener.close();
        front.#cookies.wipe();
      },
      unref: () => listener.unref(),
    };
  }

  #receive(datagram: Uint8Array, from: DatagramPeer): void {
    const place = this.#places.get(from.key);
    if (isUtack(datagram)) {
      place?.live?.link.deliver(datagram);
      place?.joining?.link.deliver(datagram);
      return;
    }
    const type = datagram[3] ?? 0;
    if (type === FrameType.HELLO) this.#receiveHello(datagram, from);
    else if (place === undefined) return;
    else if (type === FrameType.HELLO_ACK) {
      // The live session answers a copy of its own HELLO_ACK.
      place.live?.link.deliver(datagram);
      place.joining?.link.deliver(datagram);
    } else if (isSessionType(type)) place.live?.link.deliver(datagram);
  }

  #receiveHello(datagram: Uint8Array, from: DatagramPeer): void {
    const place = this.#places.get(from.key);
    const live = place?.live ?? null;
    const joining = place?.joining ?? null;
    const isAgain = joining !== null && beganWith(joining, datagram);
    // Dropped unread: a copy beyond the allowance, or a late copy of the HELLO that the live session began with.
    if (isAgain ? !joining.repeats.allows("newest", this.#clock.now()) : live !== null && beganWith(live, datagram))
      return;
    const frame = readDatagram(datagram);
    if (frame === null || this.#closing) return;
    const { payload, seq } = frame;
    const hello = payload.subarray(0, HELLO_LENGTH);
    if (payload.length === HELLO_LENGTH) this.#askForCookie(hello, seq, from);
    else if (payload.length === HELLO_WITH_COOKIE_LENGTH) {
      const now = this.#clock.now();
      if (isAgain) {
        if (joining.repeats.take("newest", now)) joining.link.deliver(datagram);
      } else if (place !== undefined && !place.beginnings.allows("newest", now)) return;
      else if (this.#attempt(() => this.#cookies.verify(payload.subarray(HELLO_LENGTH), from.key, hello, now)))
        this.#accept(datagram, copyOf(hello), from);
    }
  }

  #askForCookie(hello: Uint8Array, seq: number, from: DatagramPeer): void {
    const now = this.#clock.now();
    if (!this.#retries.tryTake(now)) return;
    const cookie = this.#attempt(() => this.#cookies.make(from.key, hello, now));
    if (cookie === null) return;
    // The gateway answers at least 50 bytes with 35, so it amplifies nothing.
    const answers = [bareUtack(FrameType.HELLO, seq), plainDatagram(FrameType.HELLO_RETRY, GATEWAY_SEQ, cookie)];
    for (const answer of answers)
      contain(
        () => from.send(answer),
        (error) => this.#handlers.onError(error),
      );
  }

  /**
   * Returns null if the cryptography fails: no connection exists yet that could end with the error. Reports the error
   * once, until it works again.
   */
  #attempt<Result>(act: () => Result): Result | null {
    try {
      const result = act();
      this.#fails = false;
      return result;
    } catch (error) {
      if (!isUsmpError(error)) throw error;
      if (!this.#fails) this.#handlers.onError(error);
      this.#fails = true;
      return null;
    }
  }

  #accept(datagram: Uint8Array, hello: Uint8Array, from: DatagramPeer): void {
    const place = this.#places.get(from.key) ?? { live: null, joining: null, beginnings: new RepeatAllowance() };
    place.beginnings.take("newest", this.#clock.now());
    const link = new DatagramLink(from, () => this.#leave(from.key, place, link));
    const visitor: PeerEntry = { link, hello, repeats: new RepeatAllowance() };
    this.#handlers.onLink(link, () => this.#settle(place, visitor));
    // A refused peer replaces no other.
    if (link.isGone) return;
    const older = place.joining;
    place.joining = visitor;
    this.#places.set(from.key, place);
    older?.link.supersede(new UsmpError("SUPERSEDED", "another handshake began at the same address and port"));
    link.deliver(datagram);
  }

  /** The handshake has proved its key: it replaces the live session, if there is one. */
  #settle(place: PeerSlot, visitor: PeerEntry): void {
    const older = place.live;
    place.live = visitor;
    place.joining = null;
    older?.link.supersede(new UsmpError("SUPERSEDED", "a new session began at the same address and port"));
  }

  #leave(key: string, place: PeerSlot, link: DatagramLink): void {
    if (place.live?.link === link) place.live = null;
    if (place.joining?.link === link) place.joining = null;
    if (place.live !== null || place.joining !== null || this.#places.get(key) !== place) return;
    this.#places.delete(key);
    this.#updateDrained();
  }

  #close(): Promise<void> {
    this.#closing = true;
    this.#updateDrained();
    return this.#drained;
  }

  #updateDrained(): void {
    if (this.#closing && this.#places.size === 0) this.#onDeserted();
  }
}

/** Whether a datagram looks like the HELLO with cookie that a visitor began with, judged by `device_id || pub_C`. */
function beganWith({ hello }: PeerEntry, datagram: Uint8Array): boolean {
  const isWithCookie = datagram.length === HEADER_LENGTH + HELLO_WITH_COOKIE_LENGTH;
  return isWithCookie && equalBytes(hello, datagram.subarray(HEADER_LENGTH, HEADER_LENGTH + HELLO_LENGTH));
}
