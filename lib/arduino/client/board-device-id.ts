import { formatDeviceId, randomDeviceId } from "../../core/wire/device-id.js";
import type { Board } from "../board/board.js";

const made = new WeakMap<Board, string>();

/** The board's id, `"24:0a:c4:01:02:03"`. If it has none, a random one that then stays the same. */
export function deviceIdOf(board: Board): string {
  if (board.deviceId !== null) return board.deviceId;
  let deviceId = made.get(board);
  if (deviceId === undefined) {
    const randomBytes = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => Math.floor(board.entropy() * 256));
    deviceId = formatDeviceId(randomDeviceId({ randomBytes }));
    made.set(board, deviceId);
  }
  return deviceId;
}
