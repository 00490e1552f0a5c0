import { VirtualClock } from "../../lib/testing/virtual-clock.js";
import { systemClock } from "../../lib/transport/system-clock.js";
import type { Timer } from "../../lib/core/clock.js";

/** For real sockets: the event loop turns by itself, while time stands still until the spec moves it. */
export class HeldClock extends VirtualClock {
  override afterReadPass(callback: () => void): Timer {
    return systemClock.afterReadPass(callback);
  }

  override after(delayMs: number, callback: () => void): Timer {
    return delayMs <= 0 ? this.afterReadPass(callback) : super.after(delayMs, callback);
  }
}
