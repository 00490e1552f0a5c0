// TLS 1.2 with a pre-shared key: one write a message, Nagle's algorithm off. Only the suite with ECDHE is forward-secret, as USMP is.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect as dial, createServer } from "node:tls";

import { portOf, serveStream, streamSession } from "./stream.mjs";

const SUITES = { "aes-256-gcm": "PSK-AES256-GCM-SHA384", "chacha20-poly1305": "ECDHE-PSK-CHACHA20-POLY1305" };

function optionsFor({ cipher }) {
  return { ciphers: SUITES[cipher], minVersion: "TLSv1.2", maxVersion: "TLSv1.2" };
}

export async function connect(setup) {
  const socket = dial({
    ...optionsFor(setup),
    host: "127.0.0.1",
    port: setup.port,
    pskCallback: () => ({ psk: Buffer.from(setup.psk), identity: "device" }),
    checkServerIdentity: () => undefined,
  });
  socket.setNoDelay(true);
  await once(socket, "secureConnect");
  const { name } = socket.getCipher();
  if (name !== SUITES[setup.cipher]) throw new Error(`TLS chose ${name}`);
  return streamSession(socket);
}

export function listen(setup, took) {
  const options = { ...optionsFor(setup), noDelay: true, pskCallback: () => Buffer.from(setup.psk) };
  const server = createServer(options, (socket) => serveStream(socket, took));
  server.on("tlsClientError", () => {});
  return portOf(server);
}
