import type { CryptoProvider } from "../core/crypto-provider.js";
import type { Connection } from "../core/connection.js";
import { DatagramConnection } from "../core/datagram/datagram-connection.js";
import { DatagramDeviceHandshake } from "../core/handshake/datagram-device.js";
import { StreamDeviceHandshake } from "../core/handshake/stream-device.js";
import { guardCrypto } from "../core/guarded-crypto.js";
import type { KeepaliveOptions } from "../core/session/keepalive.js";
import { StreamConnection } from "../core/stream/stream-connection.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { SessionDriver } from "../session/driver.js";
import {
  checkNumber,
  checkSessionSettings,
  DEFAULT_SESSION_SETTINGS,
  type SessionSettings,
} from "../session/options.js";
import { createSession, type OwnedSession, type SessionOwner } from "../session/session.js";
import { abortable, onAbort } from "../transport/abort.js";
import { ContainedLink } from "../transport/contained-link.js";
import { describeDialer, withDeadline } from "../transport/contained.js";
import { DEFAULT_CONNECT_TIMEOUT_MS, dialTimeout } from "../transport/place.js";
import { formatPlace } from "../transport/system-errors.js";
import type { Dialer, Link } from "../transport/transport.js";

/** The settings of a device, beside the common ones. */
export interface DeviceSettings extends SessionSettings {
  /**
   * Sends a PING after nothing was sent, or nothing received, for this many milliseconds; 0 turns it off. Default
   * 30,000.
   */
  readonly keepaliveMs: number;
  /**
   * Ends the session if nothing was received for this many milliseconds after a PING; 0 turns that off, for peers that
   * are slow to read. Default 30,000: a dead gateway is noticed after at most 60,000 ms.
   */
  readonly pongTimeoutMs: number;
  /**
   * Rotates keys of this age in milliseconds, while the session lives; 0 turns that off. Default 0. At most one
   * rotation a second starts, whatever is requested.
   */
  readonly rekeyAfterMs: number;
  /** Rotates keys after this many frames in either direction. Default 2^30, which is also the most. */
  readonly rekeyAfterFrames: number;
}

/**
 * Over UDP, frame numbers continue across a rotation, and no rotation starts above 2^31 (§7): the first one must start
 * well before that. At 2^30 frames of at most 30 blocks, AES-GCM's bound for telling ciphertext from noise is below
 * 2^-57: it is (2^35)^2 / 2^129. RFC 8446, section 5.5, allows TLS the same.
 */
const MAX_FRAMES = 2 ** 30;

export const DEFAULT_DEVICE_SETTINGS = {
  ...DEFAULT_SESSION_SETTINGS,
  // Half a public gateway's 60 s session timeout.
  keepaliveMs: 30_000,
  pongTimeoutMs: 30_000,
  rekeyAfterMs: 0,
  rekeyAfterFrames: MAX_FRAMES,
} as const satisfies DeviceSettings;

/** @throws UsmpError INVALID_ARG naming the option. */
export function checkDeviceSettings(settings: DeviceSettings): void {
  checkSessionSettings(settings);
  checkNumber("keepaliveMs", settings.keepaliveMs, 0);
  checkNumber("pongTimeoutMs", settings.pongTimeoutMs, 0);
  checkNumber("rekeyAfterMs", settings.rekeyAfterMs, 0);
  checkNumber("rekeyAfterFrames", settings.rekeyAfterFrames, 1, MAX_FRAMES);
}

/** What one device remembers about its transport's addresses, from attempt to attempt. */
export interface Route {
  /** The address of the last attempt that failed; the next attempt starts with the address behind it. */
  failed: string | undefined;
}

export interface DialRequest {
  readonly dialer: Dialer;
  /** Default: an empty route. */
  readonly route?: Route;
  readonly crypto: CryptoProvider;
  /** At least 16 bytes; wiped when the handshake is over. */
  readonly psk: Uint8Array;
  readonly deviceId: Uint8Array;
  readonly settings: DeviceSettings;
  /** Aborting it ends the attempt, at any point, with CLOSED. */
  readonly signal: AbortSignal;
  /** A link is open and the handshake begins. Runs again for each further address of a host name. */
  readonly onLink?: () => void;
  /** The owner that lends the session an inbox, and gets its reports. */
  readonly owner?: SessionOwner | undefined;
  /** Called synchronously with the new session, so that the owner misses neither a message nor the end of it. */
  readonly onSession: (session: OwnedSession) => void;
}

/**
 * How long one of several addresses may leave HELLO unanswered over datagrams, before the next address is tried: long
 * enough for three transmissions, so that one lost HELLO does not decide.
 */
const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Opens a link and runs the handshake over it. If a host name has several addresses, over datagrams it tries one after
 * another until one answers. Resolves when the session is established (and may have ended again); rejects with
 * TRANSPORT, TIMEOUT, AUTH, FRAME, VERSION, HANDSHAKE, or CLOSED. Nothing is left behind then.
 */
export async function dialSession(request: DialRequest): Promise<OwnedSession> {
  try {
    return await tryAddresses(request);
  } finally {
    request.psk.fill(0);
  }
}

async function tryAddresses(request: DialRequest): Promise<OwnedSession> {
  const { route = { failed: undefined }, signal } = request;
  const silent = new Map<string, UsmpError>();
  for (;;) {
    const link = await dialLink(request, route).catch((cause: unknown) => {
      throw withSilent(toUsmpError(cause), silent);
    });
    request.onLink?.();
    const { remoteAddress, addresses = 1 } = link;
    // If there is no route to the other addresses, the dialer returns to the first one.
    const isLast = silent.has(remoteAddress) || silent.size + 1 >= addresses;
    let end: DeviceEnd;
    try {
      end = endOf(link, request);
    } catch (error) {
      link.destroy();
      throw error;
    }
    try {
      return await runHandshake(link, end, request, isLast);
    } catch (cause) {
      const error = toUsmpError(cause);
      if (signal.aborted) throw error;
      route.failed = remoteAddress;
      if (isLast || end.isAnswered()) throw withSilent(error, silent);
      silent.set(remoteAddress, error);
    }
  }
}

/** Adds to an attempt's error those of the addresses tried before. */
function withSilent(error: UsmpError, silent: ReadonlyMap<string, UsmpError>): UsmpError {
  if (silent.size === 0) return error;
  const before = [...silent.values()].map(({ message }) => message).join("; ");
  return new UsmpError(error.code, `${error.message}; before that: ${before}`, { cause: error.cause ?? error });
}

/**
 * Dials. An abort takes effect at once, even if the dialer ignores its signal or never answers; a link that comes too
 * late is destroyed.
 */
async function dialLink({ dialer, settings, signal }: DialRequest, route: Route): Promise<Link> {
  const { clock, closeTimeoutMs } = settings;
  // A transport that keeps its own deadline gives a better reason: let it expire first.
  const timeoutMs = (dialer.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS) + closeTimeoutMs;
  const { done, giveUp } = withDeadline(
    async () => new ContainedLink(await dialer.dial({ signal, after: route.failed }), { clock, closeTimeoutMs }),
    { clock, timeoutMs },
    { error: () => dialTimeout(describeDialer(dialer), timeoutMs), discard: (link) => link.destroy() },
  );
  return abortable(signal, done, () => giveUp(calledOff(signal)));
}

function runHandshake(
  link: Link,
  { connection, isAnswered }: DeviceEnd,
  { settings, signal, owner, onSession }: DialRequest,
  isLast: boolean,
): Promise<OwnedSession> {
  const { clock, handshakeTimeoutMs } = settings;
  return new Promise((resolve, reject) => {
    const driver: SessionDriver = new SessionDriver(
      { link, connection, settings },
      {
        onHello: () => {},
        onEstablished: (deviceId, sessionId) => {
          settle();
          const session = createSession(driver, { settings, deviceId, sessionId, owner });
          onSession(session);
          resolve(session);
        },
        onFailed: (error) => {
          settle();
          // Rejects only after the socket is closed, so that a failed attempt leaves nothing behind.
          void driver.finished.then(() => reject(error));
        },
      },
    );
    const onAborted = (): void => driver.abandon(calledOff(signal));
    const settle = (): void => {
      timer?.cancel();
      signal.removeEventListener("abort", onAborted);
    };
    const answerTimeoutMs = Math.min(ANSWER_TIMEOUT_MS, handshakeTimeoutMs);
    const onSilence = (): void => {
      if (!isAnswered()) driver.abandon(silence(link, answerTimeoutMs));
    };
    const timer = isLast || isAnswered() ? null : clock.after(answerTimeoutMs, onSilence);
    onAbort(signal, onAborted);
  });
}

/** The device's end of a connection. */
interface DeviceEnd {
  readonly connection: Connection;
  /** Whether a peer that may be a gateway has answered at this address. */
  readonly isAnswered: () => boolean;
}

function endOf(link: Link, request: DialRequest): DeviceEnd {
  const { psk, deviceId } = request;
  const crypto = guardCrypto(request.crypto);
  const identity = { crypto, psk, deviceId, gateway: placeOf(link) };
  const now = request.settings.clock.now();
  if (link.carries === "datagrams") {
    const handshake = new DatagramDeviceHandshake(identity);
    const connection = new DatagramConnection(optionsWith(handshake, request), now);
    return { connection, isAnswered: () => handshake.isAnswered };
  }
  const connection = new StreamConnection(optionsWith(new StreamDeviceHandshake(identity), request), now);
  return { connection, isAnswered: () => true };
}

function placeOf({ remoteAddress, remotePort }: Link): string {
  return formatPlace(remoteAddress, remotePort);
}

function optionsWith<Kind>(handshake: Kind, { settings, ...request }: DialRequest) {
  const crypto = guardCrypto(request.crypto);
  const { cipher, rekeyAfterMs, rekeyAfterFrames, handshakeTimeoutMs, partialFrameTimeoutMs } = settings;
  return {
    role: "device",
    crypto,
    cipher,
    keepalive: keepaliveOf(settings),
    rotation: { rekeyAfterMs, rekeyAfterFrames },
    handshakeTimeoutMs,
    partialFrameTimeoutMs,
    handshake,
  } as const;
}

function silence(link: Link, timeoutMs: number): UsmpError {
  return new UsmpError("TIMEOUT", `${placeOf(link)} did not answer within ${timeoutMs} ms`);
}

function calledOff(signal: AbortSignal): UsmpError {
  return new UsmpError("CLOSED", "the attempt was called off", { cause: signal.reason });
}

function keepaliveOf({ keepaliveMs, pongTimeoutMs }: DeviceSettings): KeepaliveOptions {
  return {
    pingAfterTxIdleMs: keepaliveMs,
    pingAfterRxIdleMs: keepaliveMs,
    pongTimeoutMs: pongTimeoutMs,
    // A gateway that has nothing to send is not gone: only an unanswered PING ends the session.
    idleTimeoutMs: 0,
  };
}
