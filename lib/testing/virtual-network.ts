import type { BoardNetwork } from "../arduino/board/network.js";
import type { VirtualClock } from "./virtual-clock.js";

/** A board as its network sees it. */
export interface PluggedBoard {
  readonly deviceId: string;
  /** What it is doing, for the error messages of failed tests. */
  describe(): string;
}

/** A network that lives in memory, on a clock that its boards share. */
export interface VirtualNetwork {
  readonly clock: VirtualClock;
  /** Resolves when boards may start. */
  readonly ready: Promise<void>;
  /** Connects a board. */
  plugIn(board: PluggedBoard): BoardNetwork;
}
