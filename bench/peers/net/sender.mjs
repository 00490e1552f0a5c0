// Plain sockets: one write a message, Nagle's algorithm off.
import { once } from "node:events";
import { connect } from "node:net";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { streamConnection } from "../stream-connection.mjs";

sending(async () => {
  const socket = connect({ host: "127.0.0.1", port: setup.port, noDelay: true });
  await once(socket, "connect");
  return streamConnection(socket);
});
