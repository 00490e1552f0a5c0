import type { BoardDevice } from "./board-device.js";
import {
  USMP_STATE_AWAITING_CHALLENGE,
  USMP_STATE_AWAITING_SESSION_OK,
  USMP_STATE_CONNECTING_SOCKET,
  USMP_STATE_ERROR,
  USMP_STATE_ESTABLISHED,
  USMP_STATE_IDLE,
} from "./constants.js";

/** The board's state for what `device` does; null if it has ended. */
export function boardStateOf(device: BoardDevice): number | null {
  if (device.session !== null) return USMP_STATE_ESTABLISHED;
  switch (device.state) {
    case "opening":
      return USMP_STATE_CONNECTING_SOCKET;
    case "handshaking":
      return USMP_STATE_AWAITING_CHALLENGE;
    case "established":
      return USMP_STATE_AWAITING_SESSION_OK;
    case "backoff":
      // After a loss, the board's state stays until the next attempt.
      return device.lastAttemptFailed ? USMP_STATE_ERROR : USMP_STATE_ESTABLISHED;
    default:
      return null;
  }
}

/**
 * The state after a first attempt that failed. It is the state of the board's handshake, which over TCP begins when the
 * connection is open.
 */
export function stateAfterFailure(device: BoardDevice): number {
  return device.isReached || device.kind === "udp" ? USMP_STATE_ERROR : USMP_STATE_IDLE;
}
