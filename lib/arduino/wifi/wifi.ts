import { networkInterfaces } from "node:os";

import { requireNumber } from "../../core/arguments.js";
import type { Board } from "../board/board.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";
import { deviceIdOf } from "../client/board-device-id.js";
import { ArduinoString, type TextLike } from "../text/arduino-string.js";
import { requireText } from "../text/require-text.js";
import { IPAddress } from "./ip-address.js";

export const WL_IDLE_STATUS = 0;
export const WL_NO_SSID_AVAIL = 1;
export const WL_SCAN_COMPLETED = 2;
export const WL_CONNECTED = 3;
export const WL_CONNECT_FAILED = 4;
export const WL_CONNECTION_LOST = 5;
export const WL_DISCONNECTED = 6;
export const WL_NO_SHIELD = 255;

export const WIFI_OFF = 0;
export const WIFI_STA = 1;
export const WIFI_AP = 2;
export const WIFI_AP_STA = 3;

/** The address of a virtual board. Its gateway is at .1. */
const VIRTUAL_IP = "192.168.1.100";
const NO_IP = "0.0.0.0";
/** A good signal, in dBm. */
const RSSI_DBM = -50;

interface Station {
  /** True from `begin` to `disconnect`. */
  isWanted: boolean;
  ssid: string;
  mode: number;
  hostname: string;
}

/**
 * A stand-in for the radio. The computer has its network already, so `begin` connects at once. On a virtual board it
 * follows the network of the test gateway. It never opens or closes that network: a USMP session survives
 * `disconnect()`.
 */
export class WiFiClass {
  readonly #station = new PerBoot<Station>(() => ({ isWanted: false, ssid: "", mode: WIFI_OFF, hostname: "esp32" }));

  /** Connects. The password is ignored. */
  begin(ssid: TextLike = "", password: TextLike = ""): number {
    requireText("ssid", ssid);
    requireText("password", password);
    Object.assign(this.#current, { isWanted: true, ssid: ssid.toString(), mode: WIFI_STA });
    return this.status();
  }

  /** `WL_CONNECTED` after `begin` while there is a network, else `WL_DISCONNECTED`. */
  status(): number {
    return this.isConnected() ? WL_CONNECTED : WL_DISCONNECTED;
  }

  isConnected(): boolean {
    const board = currentBoard();
    board.polled();
    return this.#station.of(board).isWanted && (board.network?.up ?? true);
  }

  /** Returns the status. On a board it waits for the connection, so await it. */
  async waitForConnectResult(): Promise<number> {
    return this.status();
  }

  /** Disconnects, until `begin` or `reconnect`. */
  disconnect(_wifiOff = false, _eraseAp = false): boolean {
    this.#current.isWanted = false;
    return true;
  }

  reconnect(): boolean {
    this.#current.isWanted = true;
    return true;
  }

  mode(mode: number): boolean {
    requireNumber("mode", mode);
    this.#current.mode = mode;
    return true;
  }

  getMode(): number {
    return this.#current.mode;
  }

  /** The computer's first IPv4 address; 0.0.0.0 while not connected. */
  localIP(): IPAddress {
    return new IPAddress(this.isConnected() ? addressOf(currentBoard()) : NO_IP);
  }

  /** The board's device id, in capitals: `"24:0A:C4:01:02:03"`. */
  macAddress(): ArduinoString {
    return new ArduinoString(deviceIdOf(currentBoard()).toUpperCase());
  }

  /** The signal in dBm: -50 while connected, else 0. */
  RSSI(): number {
    return this.isConnected() ? RSSI_DBM : 0;
  }

  /** The SSID given to `begin`, while connected. */
  SSID(): ArduinoString {
    return new ArduinoString(this.isConnected() ? this.#current.ssid : "");
  }

  setHostname(hostname: TextLike): boolean {
    requireText("hostname", hostname);
    this.#current.hostname = hostname.toString();
    return true;
  }

  getHostname(): string {
    return this.#current.hostname;
  }

  /** No effect here. */
  setSleep(_isEnabled: boolean | number): boolean {
    return true;
  }

  /** No effect here: the network returns by itself. */
  setAutoReconnect(_isEnabled: boolean): boolean {
    return true;
  }

  /** No effect here: nothing is written to flash. */
  persistent(_isEnabled: boolean): void {
    // On a board it sets whether begin() stores the password.
  }

  get #current(): Station {
    return this.#station.of(currentBoard());
  }
}

function addressOf(board: Board): string {
  if (board.network !== null) return VIRTUAL_IP;
  const addresses = Object.values(networkInterfaces()).flatMap((ofInterface) => ofInterface ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}

/** The radio. See {@link WiFiClass}. */
export const WiFi = new WiFiClass();
