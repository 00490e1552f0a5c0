// Plain sockets: one write a message, Nagle's algorithm off.
import { once } from "node:events";
import { connect as dial, createServer } from "node:net";

import { portOf, serveStream, streamSession } from "./stream.mjs";

export async function connect({ port }) {
  const socket = dial({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  return streamSession(socket);
}

export function listen(_setup, took) {
  return portOf(createServer({ noDelay: true }, (socket) => serveStream(socket, took)));
}
