import { CipherNegotiation } from "../core/session/cipher-negotiation.js";
import type { CipherName } from "../core/crypto-provider.js";
import type { Connection } from "../core/connection.js";
import { DatagramConnection } from "../core/datagram/datagram-connection.js";
import { DatagramGatewayHandshake } from "../core/handshake/datagram-gateway.js";
import { formatDeviceId } from "../core/wire/device-id.js";
import { StreamGatewayHandshake } from "../core/handshake/stream-gateway.js";
import type { GatewayHandshakeOptions, PskMatch } from "../core/handshake/psk-verifier.js";
import type { KeepaliveOptions } from "../core/session/keepalive.js";
import { StreamConnection } from "../core/stream/stream-connection.js";
import { toUsmpError, UsmpError } from "../errors.js";
import { SessionDriver } from "../session/driver.js";
import {
  checkCiphers,
  checkNumber,
  checkSessionSettings,
  DEFAULT_SESSION_SETTINGS,
  type SessionSettings,
} from "../session/options.js";
import type { DeviceKeys, KeyLookup } from "../session/psk-source.js";
import { createSession, type OwnedSession, type SessionOwner } from "../session/session.js";
import type { Link } from "../transport/transport.js";
import type { LruMap } from "./admission/lru-map.js";
import { checkLimits, DEFAULT_LIMITS, type GatewayLimits } from "./admission/limits.js";

/** What a gateway has beside the common settings. */
export interface GatewaySettings extends SessionSettings, GatewayLimits {
  /**
   * Every cipher that the gateway accepts, in place of `cipher`: a device's first frame shows which one it uses. If the
   * gateway has to send first, after 500 ms, it takes the cipher last learned for the device, else that of the device's
   * key entry, else the first one here.
   */
  readonly ciphers: readonly CipherName[] | undefined;
  /** The session ends if no frame verifies for this long, in milliseconds; 0 turns that off. Default 60,000. */
  readonly sessionTimeoutMs: number;
  /** As `handshakeTimeoutMs`, over UDP, where both ends retransmit lost datagrams. Default 15,000. */
  readonly udpHandshakeTimeoutMs: number;
}

export const DEFAULT_GATEWAY_SETTINGS = {
  ...DEFAULT_SESSION_SETTINGS,
  ciphers: undefined,
  // Twice the 30 s after which every public client sends a PING.
  sessionTimeoutMs: 60_000,
  // A board gives up after 5 transmissions, 15.5 s in all.
  udpHandshakeTimeoutMs: 15_000,
  ...DEFAULT_LIMITS,
} as const satisfies GatewaySettings;

/** @throws UsmpError INVALID_ARG naming the option. */
export function checkGatewaySettings(settings: GatewaySettings): void {
  checkSessionSettings(settings);
  if (settings.ciphers !== undefined) checkCiphers(settings.ciphers);
  checkNumber("sessionTimeoutMs", settings.sessionTimeoutMs, 0);
  checkNumber("udpHandshakeTimeoutMs", settings.udpHandshakeTimeoutMs, 1);
  checkLimits(settings);
}

interface AcceptRequest {
  readonly link: Link;
  readonly secrets: GatewayHandshakeOptions;
  readonly lookupKeys: KeyLookup;
  readonly settings: GatewaySettings;
  /** The cipher that each device was last known to use. */
  readonly learnedCiphers: LruMap<CipherName>;
  /** A device sent the id it claims. Throws a UsmpError to refuse it; then no key is looked up. */
  readonly admit: (deviceId: string) => void;
  /** What the session borrows, and where it reports. */
  readonly owner: SessionOwner;
  /** Called synchronously with the new session; `proof` says which key the device has. */
  readonly onSession: (session: OwnedSession, proof: PskMatch) => void;
  /** The handshake failed. */
  readonly onFailed: (error: UsmpError, proof: PskMatch) => void;
  /** The key lookup itself failed; the gateway refuses the device as if it were unknown. */
  readonly onLookupFailed: (error: UsmpError) => unknown;
}

/**
 * Runs the gateway's handshake on a new link. Returns its driver synchronously, which can end the handshake, and whose
 * `finished` resolves at its end.
 */
export function acceptSession(request: AcceptRequest): SessionDriver {
  const { link, settings, owner } = request;
  const cipher = cipherChoiceOf(settings);
  const { connection, handshake } = connect(request, cipher);
  const driver: SessionDriver = new SessionDriver(
    { link, connection, settings },
    {
      onHello: (deviceId) => void answerHello(driver, deviceId, request, cipher),
      onEstablished: (deviceId, sessionId) =>
        request.onSession(createSession(driver, { settings, deviceId, sessionId, owner }), handshake.proof),
      onFailed: (error) => request.onFailed(error, handshake.proof),
    },
  );
  return driver;
}

interface Connecting {
  readonly connection: Connection;
  readonly handshake: { readonly proof: PskMatch };
}

function cipherChoiceOf({ ciphers, cipher }: GatewaySettings): CipherNegotiation {
  const [first = cipher, ...others] = ciphers ?? [];
  return new CipherNegotiation([first, ...others]);
}

function connect({ link, secrets, settings }: AcceptRequest, cipher: CipherNegotiation): Connecting {
  const { crypto } = secrets;
  const now = settings.clock.now();
  const keepalive = keepaliveOf(settings);
  if (link.carries === "datagrams") {
    const handshake = new DatagramGatewayHandshake(secrets);
    const handshakeTimeoutMs = settings.udpHandshakeTimeoutMs;
    const options = { role: "gateway", crypto, cipher, keepalive, handshakeTimeoutMs, handshake } as const;
    return { handshake, connection: new DatagramConnection(options, now) };
  }
  const { handshakeTimeoutMs, helloTimeoutMs, partialFrameTimeoutMs } = settings;
  const handshake = new StreamGatewayHandshake(secrets);
  const connection = new StreamConnection(
    {
      role: "gateway",
      crypto,
      cipher,
      keepalive,
      handshakeTimeoutMs,
      helloTimeoutMs,
      partialFrameTimeoutMs,
      handshake,
    },
    now,
  );
  return { handshake, connection };
}

async function answerHello(
  driver: SessionDriver,
  deviceId: Uint8Array,
  request: AcceptRequest,
  cipher: CipherNegotiation,
): Promise<void> {
  const name = formatDeviceId(deviceId);
  try {
    request.admit(name);
  } catch (error) {
    driver.abandon(toUsmpError(error));
    return;
  }
  let keys: DeviceKeys | null = null;
  try {
    keys = await request.lookupKeys(deviceId);
  } catch (cause) {
    request.onLookupFailed(new UsmpError("AUTH", `the PSK lookup for ${name} failed`, { cause }));
  }
  const { learnedCiphers } = request;
  cipher.hint({
    preferred: learnedCiphers.get(name) ?? keys?.cipher ?? null,
    onLearned: (learned) => learnedCiphers.set(name, learned),
  });
  const psk = keys?.psk ?? null;
  const previousPsk = keys?.previousPsk ?? null;
  try {
    driver.providePsk(psk, previousPsk);
  } catch (cause) {
    // No caller awaits this function: an error thrown by a custom link would end the process.
    driver.abandon(toUsmpError(cause));
  } finally {
    psk?.fill(0);
    previousPsk?.fill(0);
  }
}

function keepaliveOf({ sessionTimeoutMs }: GatewaySettings): KeepaliveOptions {
  return {
    pingAfterTxIdleMs: 0,
    // Public Python clients never send PING by themselves (§9), and a quiet link must not time out.
    pingAfterRxIdleMs: sessionTimeoutMs / 2,
    pongTimeoutMs: 0,
    idleTimeoutMs: sessionTimeoutMs,
  };
}
