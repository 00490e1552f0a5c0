import type { Timer } from "../core/clock.js";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { formatDeviceId } from "../core/device-id.js";
import { isUsmpError, UsmpError } from "../errors.js";
import type { PskLookup } from "../session/psk-source.js";
import type { UsmpSession } from "../session/session.js";
import type { Dialer } from "../transport/transport.js";
import { dialSession, type DeviceSettings } from "./dial.js";
import { step, type BackoffOptions, type LifeEffect, type LifeInput, type LifeState } from "./reconnect-machine.js";

export interface DeviceLifeOptions {
  readonly crypto: CryptoProvider;
  readonly lookupPsk: PskLookup;
  readonly deviceId: Uint8Array;
  readonly settings: DeviceSettings;
  readonly backoff: BackoffOptions;
  /** Uniform from 0 up to, not including, 1. Jitter is no secret: any generator does. */
  readonly random: () => number;
}

export interface DeviceLifeHandlers {
  /** A session is established; `again` where this life had one before. */
  onSession(session: UsmpSession, again: boolean): void;
  /** The session of the last `onSession` has ended. */
  onLost(error: UsmpError): void;
  /** An attempt failed; another one follows unless `final`. */
  onFailed(error: UsmpError, final: boolean): void;
}

/** Carries out what the reconnect machine decides: dials, waits, ends, and reports back. */
export class DeviceLife {
  readonly #options: DeviceLifeOptions;
  readonly #handlers: DeviceLifeHandlers;
  #state: LifeState = { name: "idle" };
  #dialer: Dialer | null = null;
  #session: UsmpSession | null = null;
  #dialing: AbortController | null = null;
  #timer: Timer | null = null;
  #keepsProcess = true;
  /** Who waits for the running attempt's result. */
  #result: ((established: boolean) => void) | null = null;
  /** Attempts and sessions that are on their way out. */
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: DeviceLifeOptions, handlers: DeviceLifeHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get state(): LifeState {
    return this.#state;
  }

  /** The established session, or null. */
  get session(): UsmpSession | null {
    return this.#session;
  }

  /** Starts a new life; resolves with the first attempt's result. */
  begin(dialer: Dialer): Promise<boolean> {
    this.#dialer = dialer;
    return this.#attempt({ type: "begin" });
  }

  /** Dials now, whatever goes on; resolves with that attempt's result, false where there is no life to continue. */
  reconnect(): Promise<boolean> {
    if (this.#state.name === "idle" || this.#state.name === "closed") return Promise.resolve(false);
    return this.#attempt({ type: "reconnect" });
  }

  /** Ends this life. Resolves when no socket and no timer is left. */
  async close(error: UsmpError): Promise<void> {
    this.#take({ type: "close", error });
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** Lets the process end while this life goes on. */
  unref(): void {
    this.#keepsProcess = false;
    this.#timer?.unref();
    this.#session?.unref();
  }

  #attempt(input: LifeInput): Promise<boolean> {
    this.#settle(false);
    return new Promise((resolve) => {
      // Set before the step: what it drops must not settle the new attempt.
      this.#take(input, () => (this.#result = resolve));
    });
  }

  #take(input: LifeInput, beforeDial?: () => void): void {
    const { clock } = this.#options.settings;
    const { state, effects } = step(this.#state, input, clock.now(), this.#options.random(), this.#options.backoff);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "dial") beforeDial?.();
      this.#carryOut(effect);
    }
  }

  #carryOut(effect: LifeEffect): void {
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
        if (this.#session !== null) this.#handlers.onSession(this.#session, effect.again);
        this.#settle(this.#session !== null);
        break;
      case "giveUp":
        // Said by the handler of the attempt or session that brought it here.
        break;
    }
  }

  async #dial(attempt: number): Promise<void> {
    const dialing = new AbortController();
    this.#dialing = dialing;
    try {
      await dialSession({
        ...this.#options,
        dialer: this.#dialer as Dialer,
        psk: await this.#findPsk(),
        signal: dialing.signal,
        onLink: () => this.#take({ type: "linkOpen", attempt }),
        onSession: (session) => this.#adopt(session, attempt),
      });
    } catch (cause) {
      const error = isUsmpError(cause)
        ? cause
        : new UsmpError("TRANSPORT", `the transport failed: ${String(cause)}`, { cause });
      this.#fail(error, attempt);
    } finally {
      if (this.#dialing === dialing) this.#dialing = null;
    }
  }

  #adopt(session: UsmpSession, attempt: number): void {
    if (!this.#keepsProcess) session.unref();
    this.#session = session;
    session.on("close", (reason) => {
      if (this.#session === session) this.#session = null;
      this.#handlers.onLost(reason);
      this.#take({ type: "lost", attempt, error: reason });
    });
    this.#take({ type: "established", attempt });
  }

  #fail(error: UsmpError, attempt: number): void {
    const current =
      (this.#state.name === "opening" || this.#state.name === "handshaking") && this.#state.attempt === attempt;
    this.#take({ type: "failed", attempt, error });
    if (!current) return;
    this.#handlers.onFailed(error, this.#state.name === "closed");
    this.#settle(false);
  }

  async #findPsk(): Promise<Uint8Array> {
    const { deviceId, lookupPsk } = this.#options;
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
    const session = this.#session;
    if (session !== null) this.#track(session.close());
    this.#settle(false);
  }

  #settle(established: boolean): void {
    const result = this.#result;
    this.#result = null;
    result?.(established);
  }

  #track(ending: Promise<unknown>): void {
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }
}
