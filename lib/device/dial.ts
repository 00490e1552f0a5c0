import type { CryptoProvider } from "../core/crypto-provider.js";
import type { Connection } from "../core/connection.js";
import { DatagramConnection } from "../core/datagram-connection.js";
import { DatagramDeviceHandshake } from "../core/datagram-device-handshake.js";
import { DeviceHandshake } from "../core/device-handshake.js";
import type { KeepaliveOptions } from "../core/keepalive.js";
import { StreamConnection } from "../core/stream-connection.js";
import { UsmpError } from "../errors.js";
import { SessionDriver } from "../session/driver.js";
import {
  checkNumber,
  checkSessionSettings,
  DEFAULT_SESSION_SETTINGS,
  type SessionSettings,
} from "../session/options.js";
import { UsmpSession } from "../session/session.js";
import { Attempt } from "../transport/attempt.js";
import type { Dialer, Link } from "../transport/transport.js";
import { makeKeyPairAhead, takeKeyPair } from "./key-pair-ahead.js";

/** What a device has beside the common settings. */
export interface DeviceSettings extends SessionSettings {
  /** PING when nothing was sent, or nothing received, for this long; 0 turns it off. Default 30,000. */
  readonly keepaliveMs: number;
  /**
   * The session ends when nothing was received for this long after a PING; 0 turns that off, for peers that are slow to
   * read. Default 30,000: so a dead gateway is noticed after at most 60,000.
   */
  readonly lifeSignTimeoutMs: number;
  /**
   * Keys of this age are rotated, while the session lives; 0: of any age. Default 0. At most one rotation a second starts,
   * whatever is asked for.
   */
  readonly rekeyAfterMs: number;
  /** Keys are rotated after this many frames in either direction. Default 2^30, which is also the most. */
  readonly rekeyAfterFrames: number;
}

/**
 * Over UDP a rotation carries frame numbers over, and none starts above 2^31 (§7): the first is started well before. At 2^30
 * frames of at most 30 blocks AES-GCM's bound for telling ciphertext from noise, (2^35)^2 / 2^129, is below 2^-57, which is
 * what RFC 8446, section 5.5, allows TLS.
 */
const MOST_FRAMES = 2 ** 30;

export const DEFAULT_DEVICE_SETTINGS = {
  ...DEFAULT_SESSION_SETTINGS,
  // Half a public gateway's 60 s session timeout.
  keepaliveMs: 30_000,
  lifeSignTimeoutMs: 30_000,
  rekeyAfterMs: 0,
  rekeyAfterFrames: MOST_FRAMES,
} as const satisfies DeviceSettings;

/** @throws UsmpError INVALID_ARG naming the option. */
export function checkDeviceSettings(settings: DeviceSettings): void {
  checkSessionSettings(settings);
  checkNumber("keepaliveMs", settings.keepaliveMs, 0);
  checkNumber("lifeSignTimeoutMs", settings.lifeSignTimeoutMs, 0);
  checkNumber("rekeyAfterMs", settings.rekeyAfterMs, 0);
  checkNumber("rekeyAfterFrames", settings.rekeyAfterFrames, 1, MOST_FRAMES);
}

export interface DialRequest {
  readonly dialer: Dialer;
  readonly crypto: CryptoProvider;
  /** At least 16 bytes; wiped when the handshake is over. */
  readonly psk: Uint8Array;
  readonly deviceId: Uint8Array;
  readonly settings: DeviceSettings;
  /** Ends the attempt, at any point, with CLOSED. An `Attempt` stays its maker's, which ends it. */
  readonly signal: AbortSignal | Attempt;
  /** The link is open and the handshake begins. */
  readonly onLink?: () => void;
  /** Called synchronously with the new session, so that no message or end of it is missed. */
  readonly onSession: (session: UsmpSession) => void;
}

/**
 * Opens a link and runs one handshake over it. Resolves when the session is established (and may be over again);
 * rejects with TRANSPORT, TIMEOUT, AUTH, FRAME, VERSION, HANDSHAKE, or CLOSED. Nothing is left behind then.
 */
export async function dialSession(request: DialRequest): Promise<UsmpSession> {
  const { crypto, psk, signal } = request;
  const attempt = signal instanceof Attempt ? signal : new Attempt(signal);
  try {
    const link = await dialLink(request, attempt);
    request.onLink?.();
    return await shakeHands(link, request, attempt);
  } finally {
    attempt.during(null);
    if (attempt !== signal) attempt.over();
    crypto.wipe(psk);
  }
}

/** Dials, and is called off at once also where a dialer does not heed its signal; a link that comes too late is destroyed. */
function dialLink({ dialer }: DialRequest, attempt: Attempt): Promise<Link> {
  return new Promise((resolve, reject) => {
    attempt.during(() => reject(calledOff(attempt)));
    dialer.dial(attempt).then((link) => (attempt.isCalledOff ? link.destroy() : resolve(link)), reject);
  });
}

function shakeHands(link: Link, request: DialRequest, attempt: Attempt): Promise<UsmpSession> {
  const { settings } = request;
  return new Promise((resolve, reject) => {
    const driver: SessionDriver = new SessionDriver(
      { link, connection: connectionOf(link, request), settings },
      {
        onHello: () => {},
        onEstablished: (id, sessionId) => {
          attempt.during(null);
          const session = new UsmpSession(driver, settings, id, sessionId);
          request.onSession(session);
          resolve(session);
        },
        onFailed: (error) => {
          attempt.during(null);
          // Not before the socket is gone, so that a failed attempt leaves nothing behind.
          void driver.finished.then(() => reject(error));
        },
      },
    );
    attempt.during(() => driver.abandon(calledOff(attempt)));
  });
}

function connectionOf({ carries }: Link, request: DialRequest): Connection {
  const { crypto, psk, deviceId } = request;
  const keyPairs = { takeKeyPair: () => takeKeyPair(crypto), makeKeyPairAhead: () => makeKeyPairAhead(crypto) };
  const identity = { crypto, psk, deviceId, ...keyPairs };
  const now = request.settings.clock.now();
  return carries === "datagrams"
    ? new DatagramConnection(optionsWith(new DatagramDeviceHandshake(identity), request), now)
    : new StreamConnection(optionsWith(new DeviceHandshake(identity), request), now);
}

function optionsWith<Kind>(handshake: Kind, { crypto, settings }: DialRequest) {
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

function calledOff({ reason }: Attempt): UsmpError {
  return new UsmpError("CLOSED", "the attempt was called off", { cause: reason });
}

function keepaliveOf({ keepaliveMs, lifeSignTimeoutMs }: DeviceSettings): KeepaliveOptions {
  return {
    pingWhenSilentMs: keepaliveMs,
    pingWhenUnheardMs: keepaliveMs,
    lifeSignTimeoutMs,
    // A gateway that has nothing to say is not gone: only an unanswered PING tells.
    idleTimeoutMs: 0,
  };
}
