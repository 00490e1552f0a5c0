/**
 * Turns links into sessions:
 *
 *     link --- limits ---> handshake --- limits, key, proof ---> session, one per device
 *        `-- refused         `-- refused                           `-- ended
 */
import { formatDeviceId, parseDeviceId } from "../core/wire/device-id.js";
import type { CipherName } from "../core/crypto-provider.js";
import type { GatewayHandshakeOptions, PskMatch } from "../core/handshake/psk-verifier.js";
import { UsmpError } from "../errors.js";
import type { SessionDriver } from "../session/driver.js";
import { errorFields, type EventLog } from "../session/event-log.js";
import type { KeyLookup } from "../session/psk-source.js";
import type { OwnedSession, SessionOwner, UsmpSession } from "../session/session.js";
import type { Link } from "../transport/transport.js";
import { acceptSession, type GatewaySettings } from "./accept.js";
import { Gatekeeper, type Admission } from "./admission/gatekeeper.js";
import { LruMap } from "./admission/lru-map.js";

interface ReceptionHandlers {
  /** What the sessions borrow, and where they report. */
  readonly owner: SessionOwner;
  /** A device has proved its key. */
  onSession(session: OwnedSession): void;
  /** `deviceId`: the id that the peer claimed, null if it did not get that far. */
  onRefused(error: UsmpError, remoteAddress: string, deviceId: string | null): void;
  onLookupFailed(error: UsmpError): void;
}

/** The state of one link, from its arrival to its end. */
interface Entry {
  readonly visit: Admission;
  readonly link: Link;
  readonly onEstablished: () => void;
  /** When the session was registered, in milliseconds of the clock; null before that. */
  since: number | null;
  /** Whether `onSession` was called. */
  isAnnounced: boolean;
}

export class SessionAcceptor {
  readonly #settings: GatewaySettings;
  readonly #lookupKeys: KeyLookup;
  readonly #log: EventLog;
  readonly #handlers: ReceptionHandlers;
  readonly #gatekeeper: Gatekeeper;
  readonly #learnedCiphers: LruMap<CipherName>;
  readonly #sessions = new Map<string, OwnedSession>();
  /** Every open connection, in its handshake or established. */
  readonly #visits = new Map<SessionDriver, Admission>();
  #keepsProcess = true;
  /** How often `close` was called. */
  #closings = 0;

  constructor(settings: GatewaySettings, lookupKeys: KeyLookup, log: EventLog, handlers: ReceptionHandlers) {
    this.#settings = settings;
    this.#lookupKeys = lookupKeys;
    this.#log = log;
    this.#handlers = handlers;
    this.#gatekeeper = new Gatekeeper(settings, settings.clock.now());
    this.#learnedCiphers = new LruMap(settings.maxTableEntries);
  }

  /** The live sessions, one per device. */
  get sessions(): ReadonlyMap<string, OwnedSession> {
    return this.#sessions;
  }

  /**
   * Takes a new link over, or destroys it. Calls `onEstablished`, which may end another session, once the new session
   * is registered and before any listener is called.
   */
  accept(link: Link, secrets: GatewayHandshakeOptions, onEstablished: () => void): void {
    const { remoteAddress } = link;
    const closings = this.#closings;
    let visit: Admission;
    try {
      visit = this.#gatekeeper.admit(remoteAddress, this.#now(), (reason) => driver.abandon(reason));
    } catch (error) {
      link.destroy();
      this.#refuse(error as UsmpError, remoteAddress, null);
      return;
    }
    // A "refused" listener for the evicted handshake may have called stop() synchronously.
    if (this.#closings !== closings) {
      visit.release(this.#now());
      link.destroy();
      return;
    }
    const { owner } = this.#handlers;
    const entry: Entry = { visit, link, onEstablished, since: null, isAnnounced: false };
    const driver: SessionDriver = acceptSession({
      link,
      secrets,
      lookupKeys: this.#lookupKeys,
      settings: this.#settings,
      learnedCiphers: this.#learnedCiphers,
      admit: (deviceId) => visit.identify(deviceId, this.#now()),
      owner: {
        ...owner,
        waitsForSends: true,
        onClosed: (reason, session) => {
          this.#leave(session, reason, entry);
          if (entry.isAnnounced) owner.onClosed?.(reason, session);
        },
      },
      onSession: (session, proof) => this.#adopt(session, proof, entry),
      onFailed: (error, proof) => this.#fail(error, proof, visit, remoteAddress),
      onLookupFailed: (error) => this.#handlers.onLookupFailed(error),
    });
    if (!this.#keepsProcess) driver.unref();
    this.#visits.set(driver, visit);
    this.#log.gauge("connections", this.#visits.size);
    void driver.finished.then(() => {
      this.#visits.delete(driver);
      this.#log.gauge("connections", this.#visits.size);
    });
  }

  /**
   * Ends the session of a device that is no longer allowed, and its handshakes.
   * @throws UsmpError INVALID_ARG if `deviceId` is not a device id.
   */
  readonly revoke = (deviceId: string): void => {
    const id = formatDeviceId(parseDeviceId(deviceId));
    const reason = new UsmpError("AUTH", "the key of this device was removed or disabled");
    for (const [driver, visit] of this.#visits) if (visit.deviceId === id) void driver.close(reason);
  };

  /** Ends every session with BYE, and every handshake. Resolves when nothing is left. */
  async close(reason: UsmpError): Promise<void> {
    this.#closings++;
    await Promise.all([...this.#visits.keys()].map((driver) => driver.close(reason)));
  }

  /** Lets the process end despite open connections. */
  unref(): void {
    this.#keepsProcess = false;
    for (const driver of this.#visits.keys()) driver.unref();
  }

  #adopt(owned: OwnedSession, proof: PskMatch, entry: Entry): void {
    const { visit, onEstablished } = entry;
    const { remoteAddress, remotePort, carries = "stream" } = entry.link;
    const { session } = owned;
    const { deviceId, sessionId } = session;
    const closings = this.#closings;
    const older = this.#sessions.get(deviceId);
    // A listener for the older session's end must find this session in its place already.
    this.#sessions.set(deviceId, owned);
    onEstablished();
    try {
      visit.establish(older !== undefined, this.#now());
    } catch (error) {
      this.#sessions.delete(deviceId);
      // With BYE: the device considers its session established, and so learns that it has ended.
      void session.close();
      this.#refuse(error as UsmpError, remoteAddress, deviceId);
      return;
    }
    entry.since = this.#now();
    this.#log.gauge("sessions", this.#sessions.size);
    older?.abandon(new UsmpError("SUPERSEDED", "the device has opened a new session"));
    this.#log.log("info", "session.open", () => {
      const usesPreviousKey = proof === "previous";
      return { deviceId, sessionId, remoteAddress, remotePort, carries, usesPreviousKey };
    });
    // A listener for the older session's end may have stopped the gateway.
    if (this.#closings !== closings) return;
    entry.isAnnounced = true;
    this.#handlers.onSession(owned);
  }

  #leave(session: UsmpSession, reason: UsmpError, { visit, link: { remoteAddress }, since }: Entry): void {
    if (since === null) return;
    const { deviceId, sessionId } = session;
    visit.release(this.#now());
    if (this.#sessions.get(deviceId)?.session === session) this.#sessions.delete(deviceId);
    this.#log.gauge("sessions", this.#sessions.size);
    this.#log.log(isExpected(reason) ? "info" : "warn", "session.close", () => {
      const { messagesReceived, messagesSent } = session.stats();
      const counts = { durationMs: Math.round(this.#now() - since), messagesReceived, messagesSent };
      return { deviceId, sessionId, remoteAddress, ...counts, ...errorFields(reason) };
    });
  }

  #fail(error: UsmpError, proof: PskMatch, visit: Admission, remoteAddress: string): void {
    const now = this.#now();
    visit.release(now);
    const { deviceId } = visit;
    const lockoutMs = proof === "wrong" ? visit.fail(now) : 0;
    if (lockoutMs > 0) this.#log.log("warn", "device.lockout", () => ({ deviceId, remoteAddress, lockoutMs }));
    this.#refuse(error, remoteAddress, deviceId);
  }

  #refuse(error: UsmpError, remoteAddress: string, deviceId: string | null): void {
    this.#log.log("warn", "handshake.refused", () => ({ deviceId, remoteAddress, ...errorFields(error) }));
    this.#handlers.onRefused(error, remoteAddress, deviceId);
  }

  #now(): number {
    return this.#settings.clock.now();
  }
}

function isExpected({ code }: UsmpError): boolean {
  return code === "CLOSED" || code === "BYE" || code === "SUPERSEDED";
}
