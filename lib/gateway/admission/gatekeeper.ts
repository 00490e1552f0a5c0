/**
 * Decides which peers may begin a handshake and a session. It only counts and computes no cryptography: refusing a peer
 * costs a few look-ups.
 *
 *     admit --> Admission: in the handshake table -- identify --> its proof is awaited -- establish --> a session
 *       `--> LIMIT: too many       `-- evicted by another      `-- locked out           `-- no room       `-- release
 *
 * An attacker must not be able to keep others out: half of the handshake table and of the handshake rate is reserved
 * for addresses that proved a key lately. A device that proved its key lately is never locked out at the same address.
 */
import { TokenBucket, type TokenBucketOptions } from "../../core/token-bucket.js";
import { UsmpError } from "../../errors.js";
import { addressPrefix } from "./address-prefix.js";
import { HandshakeTable, type HandshakeTicket } from "./handshake-table.js";
import type { GatewayLimits } from "./limits.js";
import { Lockouts } from "./lockouts.js";
import { LruMap } from "./lru-map.js";
import { RecentlySeen } from "./recently-seen.js";
import { SessionQuota } from "./session-quota.js";

export class Gatekeeper {
  readonly sessions: SessionQuota;
  readonly handshakes: HandshakeTable;
  readonly knownPairs: RecentlySeen;
  readonly lockouts: Lockouts;
  readonly #knownAddresses: RecentlySeen;
  readonly #addressRate: TokenBucketOptions;
  readonly #perAddress: LruMap<TokenBucket>;
  readonly #all: TokenBucket;
  readonly #strangers: TokenBucket;

  constructor(limits: GatewayLimits, now: number) {
    const { maxTableEntries, maxHandshakesPerSecond } = limits;
    this.sessions = new SessionQuota(limits.maxSessions, limits.maxSessionsPerAddress);
    this.handshakes = new HandshakeTable(limits.maxHandshakes, limits.maxHandshakesPerAddress);
    this.knownPairs = new RecentlySeen(limits.rememberMs, maxTableEntries);
    this.#knownAddresses = new RecentlySeen(limits.rememberMs, maxTableEntries);
    this.lockouts = new Lockouts({
      afterFailures: limits.lockoutAfterFailures,
      firstMs: limits.lockoutMs,
      mostMs: limits.maxLockoutMs,
      mostEntries: maxTableEntries,
    });
    const { maxHandshakesPerSecondPerAddress: perSecond, handshakeBurstPerAddress: burst } = limits;
    this.#addressRate = { perSecond, burst };
    this.#perAddress = new LruMap(maxTableEntries);
    this.#all = new TokenBucket({ perSecond: maxHandshakesPerSecond }, now);
    this.#strangers = new TokenBucket({ perSecond: Math.max(1, maxHandshakesPerSecond / 2) }, now);
  }

  /**
   * A peer wants to begin a handshake. Calls `end` if a later handshake evicts this one. Over datagrams, call it only
   * after the cookie has verified: before that, the source address may be forged.
   * @throws UsmpError LIMIT if too many came; then nothing was counted.
   */
  admit(address: string, now: number, end: (reason: UsmpError) => void): Admission {
    const group = addressPrefix(address);
    const isKnown = this.#knownAddresses.has(group, now);
    const buckets = [this.#bucketOf(group, now), this.#all, ...(isKnown ? [] : [this.#strangers])];
    if (!buckets.every((bucket) => bucket.canTake(now))) throw limit("too many handshakes in a short time");
    for (const bucket of buckets) bucket.tryTake(now);
    const ticket = this.handshakes.enter(group, isKnown, () =>
      end(limit("its handshake made way for another, because too many are unfinished")),
    );
    return new Admission(this, group, ticket);
  }

  #bucketOf(group: string, now: number): TokenBucket {
    const bucket = this.#perAddress.get(group) ?? new TokenBucket(this.#addressRate, now);
    // Set again so that it is the newest entry: an evicted address gets a full bucket back.
    this.#perAddress.set(group, bucket);
    return bucket;
  }

  /** Notes that a peer at this address has proved a key. */
  remember(group: string, pair: string, now: number): void {
    this.#knownAddresses.note(group, now);
    this.knownPairs.note(pair, now);
  }
}

/** One peer, from its arrival to the end of its session. */
export class Admission {
  readonly #keeper: Gatekeeper;
  readonly #group: string;
  readonly #ticket: HandshakeTicket;
  #deviceId: string | null = null;
  #holdsSession = false;

  constructor(keeper: Gatekeeper, group: string, ticket: HandshakeTicket) {
    this.#keeper = keeper;
    this.#group = group;
    this.#ticket = ticket;
  }

  /** The device id that the peer claimed; null before it claimed one. */
  get deviceId(): string | null {
    return this.#deviceId;
  }

  /**
   * The peer claims to be this device. Only `establish` checks for room, after the key is proved: an earlier check
   * would show strangers which devices have a session now.
   * @throws UsmpError LIMIT if the device is locked out at this address.
   */
  identify(deviceId: string, now: number): void {
    this.#deviceId = deviceId;
    const lockedMs = this.#keeper.lockouts.remainingMs(this.#pair, now);
    if (lockedMs > 0 && !this.#isKnown(now)) {
      throw limit(`the device is locked out for another ${Math.ceil(lockedMs)} ms after wrong keys`);
    }
  }

  /**
   * The peer proved a wrong key. Returns for how many milliseconds the device is locked out now; a known device never
   * is.
   */
  fail(now: number): number {
    return this.#isKnown(now) ? 0 : this.#keeper.lockouts.fail(this.#pair, now);
  }

  /**
   * The peer has proved its key. `hasSession`: the device has a session, which this one replaces.
   * @throws UsmpError LIMIT if there is no room for its session.
   */
  establish(hasSession: boolean, now: number): void {
    this.#keeper.handshakes.release(this.#ticket);
    this.#keeper.lockouts.clear(this.#pair);
    this.#keeper.remember(this.#group, this.#pair, now);
    if (!hasSession) this.#requireRoom();
    this.#keeper.sessions.enter(this.#group);
    this.#holdsSession = true;
  }

  /** The handshake failed, or the session has ended. Idempotent. */
  release(now: number): void {
    this.#keeper.handshakes.release(this.#ticket);
    if (!this.#holdsSession) return;
    this.#holdsSession = false;
    this.#keeper.sessions.release(this.#group);
    // The time it counts as known begins again at its end, however long the session lasted.
    this.#keeper.remember(this.#group, this.#pair, now);
  }

  get #pair(): string {
    return `${this.#group} ${this.#deviceId ?? ""}`;
  }

  #isKnown(now: number): boolean {
    return this.#keeper.knownPairs.has(this.#pair, now);
  }

  #requireRoom(): void {
    if (!this.#keeper.sessions.hasRoom(this.#group)) throw limit("too many sessions");
  }
}

function limit(what: string): UsmpError {
  return new UsmpError("LIMIT", what);
}
