import { CipherChoice } from "../core/cipher-choice.js";
import type { CipherName, CryptoProvider } from "../core/crypto-provider.js";
import type { Connection } from "../core/connection.js";
import { DatagramConnection } from "../core/datagram-connection.js";
import { DatagramGatewayHandshake } from "../core/datagram-gateway-handshake.js";
import { formatDeviceId } from "../core/device-id.js";
import { GatewayHandshake } from "../core/gateway-handshake.js";
import type { KeepaliveOptions } from "../core/keepalive.js";
import { StreamConnection } from "../core/stream-connection.js";
import { UsmpError } from "../errors.js";
import { SessionDriver } from "../session/driver.js";
import {
  checkCiphers,
  checkNumber,
  checkSessionSettings,
  DEFAULT_SESSION_SETTINGS,
  type SessionSettings,
} from "../session/options.js";
import type { DeviceKeys, KeyLookup } from "../session/psk-source.js";
import { UsmpSession } from "../session/session.js";
import type { Link } from "../transport/transport.js";
import type { LearnedCiphers } from "./learned-ciphers.js";

/** What a gateway has beside the common settings. */
export interface GatewaySettings extends SessionSettings {
  /**
   * Every cipher that is accepted, in place of `cipher`: a device's first frame shows which one it speaks. Where the gateway
   * has to send first, after 500 ms, it takes the one last learned, else that of the device's key entry, else the first here.
   */
  readonly ciphers: readonly CipherName[] | undefined;
  /** A session ends when nothing that verifies was received for this long; 0 turns that off. Default 60,000. */
  readonly sessionTimeoutMs: number;
  /** As `handshakeTimeoutMs`, over UDP, where datagrams that got lost are sent again. Default 15,000. */
  readonly udpHandshakeTimeoutMs: number;
  /** Connections at once, those in their handshake included. Default 4,096. */
  readonly maxConnections: number;
  /** The same from one address. Default 256. */
  readonly maxConnectionsPerIp: number;
}

export const DEFAULT_GATEWAY_SETTINGS = {
  ...DEFAULT_SESSION_SETTINGS,
  ciphers: undefined,
  // Twice the 30 s after which every public client sends a PING.
  sessionTimeoutMs: 60_000,
  // A board's own patience is 5 sendings, 15.5 s in all.
  udpHandshakeTimeoutMs: 15_000,
  maxConnections: 4_096,
  // A whole site may sit behind one address.
  maxConnectionsPerIp: 256,
} as const satisfies GatewaySettings;

/** @throws UsmpError INVALID_ARG naming the option. */
export function checkGatewaySettings(settings: GatewaySettings): void {
  checkSessionSettings(settings);
  if (settings.ciphers !== undefined) checkCiphers(settings.ciphers);
  checkNumber("sessionTimeoutMs", settings.sessionTimeoutMs, 0);
  checkNumber("udpHandshakeTimeoutMs", settings.udpHandshakeTimeoutMs, 1);
  checkNumber("maxConnections", settings.maxConnections, 1);
  checkNumber("maxConnectionsPerIp", settings.maxConnectionsPerIp, 1);
}

export interface AcceptRequest {
  readonly link: Link;
  readonly crypto: CryptoProvider;
  readonly lookupKeys: KeyLookup;
  /** A random key that no device has. */
  readonly decoyPsk: Uint8Array;
  readonly settings: GatewaySettings;
  readonly learnedCiphers: LearnedCiphers;
  /** Called synchronously with the new session. */
  readonly onSession: (session: UsmpSession) => void;
  /** The handshake came to nothing. */
  readonly onFailed: (error: UsmpError) => void;
  /** The key lookup itself failed; the device is refused like one that is not known. */
  readonly onLookupFailed: (error: UsmpError) => unknown;
}

/** Runs the gateway's handshake on a new link. The driver is there at once, to end it and to see when it is gone. */
export function acceptSession(request: AcceptRequest): SessionDriver {
  const { link, settings } = request;
  const cipher = cipherChoiceOf(settings);
  const driver: SessionDriver = new SessionDriver(
    {
      ...settings,
      link,
      connection: connectionOf(request, cipher),
    },
    {
      onHello: (deviceId) => void answerHello(driver, deviceId, request, cipher),
      onEstablished: (deviceId, sessionId) => request.onSession(new UsmpSession(driver, settings, deviceId, sessionId)),
      onFailed: request.onFailed,
    },
  );
  return driver;
}

function cipherChoiceOf({ ciphers, cipher }: GatewaySettings): CipherChoice {
  const [first = cipher, ...others] = ciphers ?? [];
  return new CipherChoice([first, ...others]);
}

function connectionOf({ link, crypto, decoyPsk, settings }: AcceptRequest, cipher: CipherChoice): Connection {
  const now = settings.clock.now();
  const options = { ...settings, role: "gateway", crypto, cipher, keepalive: keepaliveOf(settings) } as const;
  if (link.carries !== "datagrams")
    return new StreamConnection({ ...options, handshake: new GatewayHandshake({ crypto, decoyPsk }) }, now);
  const handshakeTimeoutMs = settings.udpHandshakeTimeoutMs;
  return new DatagramConnection(
    { ...options, handshakeTimeoutMs, handshake: new DatagramGatewayHandshake({ crypto, decoyPsk }) },
    now,
  );
}

async function answerHello(
  driver: SessionDriver,
  deviceId: Uint8Array,
  request: AcceptRequest,
  cipher: CipherChoice,
): Promise<void> {
  let keys: DeviceKeys | null = null;
  try {
    keys = await request.lookupKeys(deviceId);
  } catch (cause) {
    request.onLookupFailed(new UsmpError("AUTH", `the PSK lookup for ${formatDeviceId(deviceId)} failed`, { cause }));
  }
  const { psk = null, previousPsk = null } = keys ?? {};
  const { learnedCiphers } = request;
  const name = formatDeviceId(deviceId);
  cipher.hint({
    preferred: learnedCiphers.of(name) ?? keys?.cipher ?? null,
    onLearned: (learned) => learnedCiphers.note(name, learned),
  });
  driver.providePsk(psk, previousPsk);
  if (psk !== null) request.crypto.wipe(psk);
  if (previousPsk !== null) request.crypto.wipe(previousPsk);
}

function keepaliveOf({ sessionTimeoutMs }: GatewaySettings): KeepaliveOptions {
  return {
    pingWhenSilentMs: 0,
    // Public Python clients never send PING by themselves (§9), and a quiet link must live.
    pingWhenUnheardMs: sessionTimeoutMs / 2,
    lifeSignTimeoutMs: 0,
    idleTimeoutMs: sessionTimeoutMs,
  };
}
