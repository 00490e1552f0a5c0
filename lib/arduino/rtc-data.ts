import { refuseArgument, requireObject } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * An object in RTC memory, which survives a deep sleep, as `RTC_DATA_ATTR` does on a board. After power-on or a restart
 * it is a copy of `initial`. It holds plain data: numbers, text, bytes, arrays.
 *
 *     const kept = rtcData("kept", { boots: 0 });
 *     kept.boots++;
 */
export function rtcData<T extends object>(name: string, initial: T): T {
  if (typeof name !== "string") refuseArgument("name", name, "a string");
  requireObject("initial", initial);
  return currentBoard().rtcMemory.get(name, initial);
}
