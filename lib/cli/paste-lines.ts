import type { CipherName } from "../index.js";
import { DEFAULT_PORT, formatTarget, reachableAddress } from "./address.js";

export interface NewGateway {
  /** Made by us: letters and digits alone, which need no quoting anywhere. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly cipher: CipherName;
}

/** What to type on the device, for each kind of device, so that it finds this gateway. */
export function pasteLines({ key, address, port, cipher }: NewGateway): string[] {
  const host = reachableAddress(address);
  const place = port === DEFAULT_PORT ? `"${host}"` : `"${host}", ${port}`;
  const boardsSpeakIt = cipher === "aes-256-gcm";
  const arduino = [
    "Arduino:",
    `  USMPClient usmp("${key}");`,
    `  usmp.begin(USMP::TCP(${place}).wifi(WIFI_SSID, WIFI_PASS));`,
  ];
  return [
    `key, made for this run (to keep one: usmp keygen --out FILE, then --psk-file FILE): ${key}`,
    ...(boardsSpeakIt ? arduino : []),
    "TypeScript:",
    `  const usmp = new Usmp("${key}"${boardsSpeakIt ? "" : `, { cipher: "${cipher}" }`});`,
    `  await usmp.begin(Usmp.TCP(${place}));`,
    "Shell:",
    `  USMP_PSK=${key} usmp connect ${formatTarget({ host, port })}${boardsSpeakIt ? "" : ` --cipher ${cipher}`}`,
  ];
}
