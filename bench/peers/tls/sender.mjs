// TLS 1.2 with a pre-shared key, in the cipher suite of the setup: one write a message, Nagle's algorithm off.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:tls";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { streamConnection } from "../stream-connection.mjs";

const options = {
  host: "127.0.0.1",
  port: setup.port,
  pskCallback: () => ({ psk: Buffer.from(setup.psk), identity: "device" }),
  ciphers: setup.suite,
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  checkServerIdentity: () => undefined,
};

sending(async () => {
  const socket = connect(options);
  socket.setNoDelay(true);
  await once(socket, "secureConnect");
  if (socket.getCipher().standardName !== setup.standardName) throw new Error(`agreed on ${socket.getCipher().name}`);
  return streamConnection(socket);
});
