import type { CipherName } from "../index.js";
import { DEFAULT_PORT } from "../transport/place.js";
import { formatTarget, reachableAddress } from "./address.js";

interface NewGateway {
  /** A key made by `usmp`: letters and digits, which need no quoting. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly cipher: CipherName;
  /** The device whose key it is; absent: the key of all devices. */
  readonly deviceId?: string;
  /** The command that starts this program. */
  readonly program?: string;
}

/** Code and commands that connect each kind of device to this gateway. */
export function pasteLines({ key, address, port, cipher, deviceId, program = "usmp" }: NewGateway): string[] {
  const host = reachableAddress(address);
  const place = port === DEFAULT_PORT ? `"${host}"` : `"${host}", ${port}`;
  const boardsSpeakIt = cipher === "aes-256-gcm";
  const options = [
    ...(boardsSpeakIt ? [] : [`cipher: "${cipher}"`]),
    ...(deviceId === undefined ? [] : [`deviceId: "${deviceId}"`]),
  ].join(", ");
  const arguments_ = [
    formatTarget({ host, port }),
    ...(boardsSpeakIt ? [] : ["--cipher", cipher]),
    ...(deviceId === undefined ? [] : ["--device-id", deviceId]),
  ].join(" ");
  const arduino = [
    // A board's id is its MAC address, so the sketch sets none.
    "Arduino:",
    `  USMPClient usmp("${key}");`,
    `  usmp.begin(USMP::TCP(${place}).wifi(WIFI_SSID, WIFI_PASS));`,
  ];
  return [
    deviceId === undefined
      ? `key for this run: ${key} (to keep one: ${program} keygen --out FILE, then --psk-file FILE)`
      : `key of ${deviceId}: ${key}`,
    ...(boardsSpeakIt ? arduino : []),
    "TypeScript:",
    `  const usmp = new Usmp("${key}"${options === "" ? "" : `, { ${options} }`});`,
    `  await usmp.begin(Usmp.TCP(${place}));`,
    "Shell:",
    `  USMP_PSK=${key} ${program} connect ${arguments_}`,
  ];
}
