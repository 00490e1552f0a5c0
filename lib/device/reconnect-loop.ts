import type { Timer } from "../core/clock.js";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { formatDeviceId } from "../core/wire/device-id.js";
import { causeText, toUsmpError, UsmpError } from "../errors.js";
import type { PskLookup } from "../session/psk-source.js";
import type { UsmpStatus } from "../session/status.js";
import type { OwnedSession, SessionOwner, UsmpSession } from "../session/session.js";
import { abortable } from "../transport/abort.js";
import { withDeadline } from "../transport/contained.js";
import type { Dialer } from "../transport/transport.js";
import { dialSession, type DeviceSettings, type Route } from "./dial.js";
import {
  step,
  type BackoffOptions,
  type DelayFunction,
  type ReconnectEffect,
  type LifeInput,
  type ReconnectState,
} from "./reconnect-machine.js";
import { statusOf } from "./status.js";

export interface DeviceLifeOptions {
  readonly crypto: CryptoProvider;
  readonly lookupPsk: PskLookup;
  /** This device's id, always the same one. If it throws, because the id cannot be made yet, the attempt fails. */
  readonly deviceId: () => Uint8Array;
  readonly settings: DeviceSettings;
  readonly backoff: BackoffOptions;
  /** The owner that lends the sessions an inbox, and gets their reports. */
  readonly owner?: SessionOwner | undefined;
  /** Uniform from 0 up to, not including, 1. Jitter is not secret: any generator will do. */
  readonly random: () => number;
}

export interface DeviceLifeHandlers {
  /** A session is established; `again` if this life had one before. */
  onSession(session: OwnedSession, again: boolean): void;
  /** The session of the last `onSession` has ended. */
  onLost(error: UsmpError): void;
  /** An attempt failed; another one follows unless `final`. */
  onFailed(error: UsmpError, final: boolean): void;
  /** Runs on each change, before any other callback that the change brings about. */
  onState(status: UsmpStatus): void;
  /** A function of the user's failed. */
  onError(error: UsmpError): void;
}

/** Carries out the effects of the reconnect machine: dials, waits, ends, and reports back. */
export class ReconnectLoop {
  readonly #options: DeviceLifeOptions;
  readonly #handlers: DeviceLifeHandlers;
  #state: ReconnectState = { name: "idle" };
  #dialer: Dialer | null = null;
  #route: Route = { failed: undefined };
  #session: OwnedSession | null = null;
  /** The last session that `onSession` was called with. */
  #announced: UsmpSession | null = null;
  #dialing: AbortController | null = null;
  #timer: Timer | null = null;
  #keepsProcess = true;
  /** The callers that wait for an attempt's result, by its number. */
  readonly #waiting = new Map<number, (established: boolean) => void>();
  /** Attempts and sessions that are ending. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: DeviceLifeOptions, handlers: DeviceLifeHandlers) {
    this.#options = { ...options, backoff: { ...options.backoff, delayMs: this.#guardDelay(options.backoff.delayMs) } };
    this.#handlers = handlers;
  }

  get state(): ReconnectState {
    return this.#state;
  }

  get status(): UsmpStatus {
    return statusOf(this.#state, this.#dialer, this.session);
  }

  /** The established session, or null. */
  get session(): UsmpSession | null {
    return this.#session?.session ?? null;
  }

  get owned(): OwnedSession | null {
    return this.#session;
  }

  /** Starts a new life; resolves with the first attempt's result. */
  begin(dialer: Dialer): Promise<boolean> {
    if (dialer !== this.#dialer) this.#route = { failed: undefined };
    this.#dialer = dialer;
    return this.#attempt({ type: "begin" });
  }

  /**
   * Dials now, in any active state. Resolves with that attempt's result; with false if there is no life to continue.
   */
  reconnect(): Promise<boolean> {
    if (this.#state.name === "idle" || this.#state.name === "closed") return Promise.resolve(false);
    return this.#attempt({ type: "reconnect" });
  }

  /** Ends this life. Resolves when no socket and no timer is left. */
  async close(error: UsmpError): Promise<void> {
    this.#take({ type: "close", error });
    await this.ended();
  }

  /**
   * Resolves when the attempts and sessions that are ending now have left nothing. It does not wait for those of a
   * later begin().
   */
  async ended(): Promise<void> {
    await Promise.all([...this.#ending]);
  }

  /** Lets the process end while this life runs. */
  unref(): void {
    this.#keepsProcess = false;
    this.#timer?.unref();
    this.session?.unref();
  }

  /** If the delay function throws, reports the failure and takes the longest delay. */
  #guardDelay(delayMs: DelayFunction | null): DelayFunction | null {
    if (delayMs === null) return null;
    return (attempt, lastError) => {
      try {
        return delayMs(attempt, lastError);
      } catch (cause) {
        const message = `the reconnect delay function failed: ${causeText(cause)}`;
        this.#handlers.onError(new UsmpError("HANDLER", message, { cause }));
        return NaN;
      }
    };
  }

  #attempt(input: LifeInput): Promise<boolean> {
    return new Promise((resolve) => this.#take(input, resolve));
  }

  #take(input: LifeInput, waiting?: (established: boolean) => void): void {
    const { clock } = this.#options.settings;
    const { state, effects } = step(this.#state, input, clock.now(), this.#options.random(), this.#options.backoff);
    const changed = state !== this.#state;
    this.#state = state;
    if (waiting !== undefined && state.name === "opening") this.#waiting.set(state.attempt, waiting);
    if (changed) this.#handlers.onState(this.status);
    for (const effect of effects) {
      // A callback may have called begin() or close() meanwhile: the remaining effects are then out of date.
      if (this.#state === state) this.#carryOut(effect);
    }
  }

  #carryOut(effect: ReconnectEffect): void {
    switch (effect.type) {
      case "dial":
        this.#track(this.#dial(effect.attempt));
        break;
      case "drop":
        this.#drop();
        break;
      case "startTimer":
        this.#timer = this.#options.settings.clock.after(effect.delayMs, () => {
          this.#timer = null;
          this.#take({ type: "timer", attempt: effect.attempt });
        });
        if (!this.#keepsProcess) this.#timer.unref();
        break;
      case "announce":
        this.#announce(effect.again);
        break;
    }
  }

  async #dial(attempt: number): Promise<void> {
    const dialing = new AbortController();
    this.#dialing = dialing;
    try {
      const deviceId = this.#options.deviceId();
      await dialSession({
        ...this.#options,
        dialer: this.#dialer as Dialer,
        route: this.#route,
        deviceId,
        psk: await this.#findPskUnless(dialing.signal, deviceId),
        signal: dialing.signal,
        onLink: () => this.#take({ type: "linkOpen", attempt }),
        owner: { ...this.#options.owner, onClosed: (reason, session) => this.#lose(reason, session, attempt) },
        onSession: (session) => this.#adopt(session, attempt),
      });
    } catch (cause) {
      this.#fail(toUsmpError(cause), attempt);
    } finally {
      if (this.#dialing === dialing) this.#dialing = null;
    }
  }

  #announce(again: boolean): void {
    const session = this.#session;
    if (this.#state.name !== "established" || session === null) return;
    const { attempt } = this.#state;
    // Settles before the handler, which may close: the attempt succeeded all the same. The caller continues after the
    // handler has run.
    this.#settle(attempt, true);
    this.#announced = session.session;
    this.#handlers.onSession(session, again);
  }

  #adopt(owned: OwnedSession, attempt: number): void {
    if (!this.#keepsProcess) owned.session.unref();
    this.#session = owned;
    this.#take({ type: "established", attempt });
  }

  #lose(reason: UsmpError, session: UsmpSession, attempt: number): void {
    // The link may outlive its session for a while, and close() waits for that.
    this.#track(session.close());
    if (this.session === session) this.#session = null;
    // Changes the state first: the handler sees the next state, and may change it.
    this.#take({ type: "lost", attempt, error: reason });
    // A session that a status listener ended first was never announced.
    if (this.#announced === session) this.#handlers.onLost(reason);
  }

  #fail(error: UsmpError, attempt: number): void {
    const current =
      (this.#state.name === "opening" || this.#state.name === "handshaking") && this.#state.attempt === attempt;
    this.#take({ type: "failed", attempt, error });
    if (current) this.#handlers.onFailed(error, this.#state.name === "closed");
    this.#settle(attempt, false);
  }

  /** A lookup that never answers blocks neither `close` nor the next attempt; a key that comes too late is wiped. */
  #findPskUnless(signal: AbortSignal, deviceId: Uint8Array): Promise<Uint8Array> {
    const { clock, handshakeTimeoutMs: timeoutMs } = this.#options.settings;
    const error = (): UsmpError => new UsmpError("AUTH", `the PSK function did not answer within ${timeoutMs} ms`);
    const discard = (psk: Uint8Array): void => void psk.fill(0);
    const { done, giveUp } = withDeadline(() => this.#findPsk(deviceId), { clock, timeoutMs }, { error, discard });
    return abortable(signal, done, () => giveUp(new UsmpError("CLOSED", "the attempt was called off")));
  }

  async #findPsk(deviceId: Uint8Array): Promise<Uint8Array> {
    const { lookupPsk } = this.#options;
    let psk: Uint8Array | null;
    try {
      psk = await lookupPsk(deviceId);
    } catch (cause) {
      throw new UsmpError("AUTH", "the PSK function failed", { cause });
    }
    if (psk === null)
      throw new UsmpError("INVALID_ARG", `there is no PSK for this device, ${formatDeviceId(deviceId)}`);
    return psk;
  }

  #drop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#dialing?.abort();
    this.#dialing = null;
    const { session } = this;
    this.#session = null;
    // Dropped attempts resolve with false; the attempt that is about to begin is not one of them.
    const current = this.#state.name === "opening" ? this.#state.attempt : null;
    for (const attempt of this.#waiting.keys()) if (attempt !== current) this.#settle(attempt, false);
    if (session !== null) this.#track(session.close());
  }

  #settle(attempt: number, established: boolean): void {
    this.#waiting.get(attempt)?.(established);
    this.#waiting.delete(attempt);
  }

  #track(ending: Promise<unknown>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}
