// TLS 1.2 with a pre-shared key, in the cipher suite of the setup.
import { Buffer } from "node:buffer";
import { createServer } from "node:tls";

import { counted, listening, messageSize } from "../receiving.mjs";
import { setup } from "../setup.mjs";
import { serveStream } from "../stream-connection.mjs";

const options = {
  pskCallback: () => Buffer.from(setup.psk),
  ciphers: setup.suite,
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
  noDelay: true,
};
const server = createServer(options, (socket) => serveStream(socket, counted, () => messageSize));
server.on("tlsClientError", () => {});
server.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 }, () => listening(server.address().port));
