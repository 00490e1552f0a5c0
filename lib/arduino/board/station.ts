import type { Board } from "./board.js";
import { PerLife } from "./per-life.js";

export const WIFI_OFF = 0;
export const WIFI_STA = 1;

/** The radio as a client of a WiFi. A board has one, and forgets it with each life. */
export interface Station {
  /** From joining to `disconnect`. */
  isWanted: boolean;
  ssid: string;
  mode: number;
  hostname: string;
}

const stations = new PerLife<Station>(() => ({ isWanted: false, ssid: "", mode: WIFI_OFF, hostname: "esp32" }));

export function stationOf(board: Board): Station {
  return stations.of(board);
}

/** Joins this WiFi, as far as there is anything to join here: from now on it counts as wanted. */
export function joinWifi(board: Board, ssid: string): void {
  Object.assign(stationOf(board), { isWanted: true, ssid, mode: WIFI_STA });
}
