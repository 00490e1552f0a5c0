import { refuseArgument, requireObject } from "../core/arguments.js";
import { currentBoard } from "./board/current-board.js";

/**
 * An object in RTC memory, which a deep sleep leaves alone: what `RTC_DATA_ATTR` is on a board. At power-on and after a
 * restart a copy of `initial`. Plain data: numbers, text, bytes, arrays.
 *
 *     const kept = rtcData("kept", { boots: 0 });
 *     kept.boots++;
 */
export function rtcData<T extends object>(name: string, initial: T): T {
  if (typeof name !== "string") refuseArgument("name", name, "a string");
  requireObject("initial", initial);
  return currentBoard().rtcMemory.get(name, initial);
}
