import { Buffer } from "node:buffer";
import { connectAsync } from "mqtt";

import { setup } from "../setup.mjs";

export const IDENTITY = "device";
export const TOPIC = "m";

/** MQTT.js over TLS with a pre-shared key. */
export function connectPsk(port) {
  return connectAsync({
    protocol: "mqtts",
    host: "127.0.0.1",
    port,
    pskCallback: () => ({ psk: Buffer.from(setup.psk), identity: IDENTITY }),
    ciphers: setup.suite,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
    checkServerIdentity: () => undefined,
    reconnectPeriod: 0,
  });
}
