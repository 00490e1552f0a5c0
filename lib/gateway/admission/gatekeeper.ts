/**
 * Who may come in. It counts, and computes nothing: whoever is refused costs a few look-ups.
 *
 *     admit --> Admission: in the handshake table --- identify ---> its proof is awaited --- establish ---> a session
 *       `--> LIMIT: too many        `-- made way for another     `-- locked out            `-- no room      `--- leave ---^
 *
 * An attacker must not be able to keep others out: addresses and devices that proved a key lately keep half of every total and
 * are never locked out.
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
   * Somebody wants to begin a handshake. `end` is called where it has to make way for another. Over datagrams only after its
   * cookie has verified: before that an address is nobody's.
   * @throws UsmpError LIMIT where too many came; then nothing was counted.
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
    // Set again, so that it is the newest: an address that is evicted gets a full bucket back.
    this.#perAddress.set(group, bucket);
    return bucket;
  }

  /** Somebody at this address has a key. */
  remember(group: string, pair: string, now: number): void {
    this.#knownAddresses.note(group, now);
    this.knownPairs.note(pair, now);
  }
}

/** One peer's way from its arrival to the end of its session. */
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

  /** The device id that it claimed, null before that. */
  get deviceId(): string | null {
    return this.#deviceId;
  }

  /**
   * It claims to be this device. Whether there is room for its session shows later, to those who have a key: earlier it would
   * show strangers which devices have one now.
   * @throws UsmpError LIMIT where it is locked out.
   */
  identify(deviceId: string, now: number): void {
    this.#deviceId = deviceId;
    const lockedMs = this.#keeper.lockouts.remainingMs(this.#pair, now);
    if (lockedMs > 0 && !this.#isKnown(now)) {
      throw limit(`the device is locked out for another ${Math.ceil(lockedMs)} ms after wrong keys`);
    }
  }

  /** It proved a wrong key: for how many milliseconds it is locked out now. */
  fail(now: number): number {
    return this.#isKnown(now) ? 0 : this.#keeper.lockouts.fail(this.#pair, now);
  }

  /**
   * It has proved its key; `hasSession`: one that makes way for it.
   * @throws UsmpError LIMIT where there is no room for its session.
   */
  establish(hasSession: boolean, now: number): void {
    this.#keeper.handshakes.release(this.#ticket);
    this.#keeper.lockouts.clear(this.#pair);
    this.#keeper.remember(this.#group, this.#pair, now);
    if (!hasSession) this.#requireRoom();
    this.#keeper.sessions.enter(this.#group);
    this.#holdsSession = true;
  }

  /** Its handshake came to nothing, or its session has ended. Harmless a second time. */
  release(now: number): void {
    this.#keeper.handshakes.release(this.#ticket);
    if (!this.#holdsSession) return;
    this.#holdsSession = false;
    this.#keeper.sessions.release(this.#group);
    // However long it was here, it is known for as long from now on.
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
