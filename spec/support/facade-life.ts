import { DEFAULT_DEVICE_SETTINGS, type DeviceSettings } from "../../lib/device/dial.js";
import { ReconnectLoop, type DeviceLifeHandlers, type DeviceLifeOptions } from "../../lib/device/reconnect-loop.js";
import { DEFAULT_BACKOFF, type BackoffOptions } from "../../lib/device/reconnect-machine.js";
import { UsmpError } from "../../lib/errors.js";
import type { OwnedSession, UsmpSession } from "../../lib/session/session.js";
import { crypto, FacadeRig, PSK } from "./facade-rig.js";

export const DEVICE_ID = Uint8Array.of(0x24, 0x0a, 0xc4, 1, 2, 3);

export interface LifeOptions {
  readonly settings?: Partial<DeviceSettings>;
  readonly backoff?: Partial<BackoffOptions>;
  readonly lookupPsk?: DeviceLifeOptions["lookupPsk"];
  /** Run beside the recording. */
  readonly handlers?: Partial<DeviceLifeHandlers>;
}

/** A device's life on a rig, with a generator that always says one half: the delays are known. */
export class LifeRig extends FacadeRig {
  readonly events: string[] = [];
  readonly sessions: UsmpSession[] = [];
  readonly owned: OwnedSession[] = [];

  life({ settings, backoff, lookupPsk, handlers = {} }: LifeOptions = {}): ReconnectLoop {
    return new ReconnectLoop(
      {
        crypto,
        lookupPsk: lookupPsk ?? (() => new TextEncoder().encode(PSK)),
        deviceId: () => DEVICE_ID,
        settings: { ...DEFAULT_DEVICE_SETTINGS, clock: this.clock, ...settings },
        backoff: { ...DEFAULT_BACKOFF, ...backoff },
        random: () => 0.5,
      },
      {
        onSession: (owned, again) => {
          this.owned.push(owned);
          this.sessions.push(owned.session);
          this.events.push(again ? "session again" : "session");
          handlers.onSession?.(owned, again);
        },
        onLost: (error) => {
          this.events.push(`lost ${error.code}`);
          handlers.onLost?.(error);
        },
        onFailed: (error, final) => {
          this.events.push(`failed ${error.code}${final ? " for good" : ""}`);
          handlers.onFailed?.(error, final);
        },
        onState: (status) => handlers.onState?.(status),
        onError: (error) => {
          this.events.push(`error ${error.code}`);
          handlers.onError?.(error);
        },
      },
    );
  }
}

export const closing = (): UsmpError => new UsmpError("CLOSED", "closed by this spec");
