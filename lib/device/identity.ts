import { networkInterfaces } from "node:os";
import type { CryptoProvider } from "../core/crypto-provider.js";
import { parseDeviceId, randomDeviceId } from "../core/wire/device-id.js";
import { UsmpError } from "../errors.js";

const NO_MAC = "00:00:00:00:00:00";

/**
 * `"mac"` for the MAC address of the machine's first real network interface, as on a board; else an id as text or as 6
 * bytes. A gateway keeps one session for each id: two programs with the same id end each other's session.
 */
export type DeviceIdOption = string | Uint8Array;

/**
 * Returns the 6 bytes of a device's id. Without an option the id is random, and marked as locally administered.
 * @throws UsmpError INVALID_ARG for a bad id, UNSUPPORTED for "mac" on a machine without a network interface.
 */
export function resolveDeviceId(option: DeviceIdOption | undefined, crypto: CryptoProvider): Uint8Array {
  if (option === undefined) return randomDeviceId(crypto);
  return parseDeviceId(option === "mac" ? machineAddress() : option);
}

function machineAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    const real = addresses?.find(({ internal, mac }) => !internal && mac !== NO_MAC);
    if (real !== undefined) return real.mac;
  }
  throw new UsmpError("UNSUPPORTED", 'this machine has no network interface to take deviceId "mac" from; give an id');
}
