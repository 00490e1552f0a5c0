// Datagrams: seals one message, which fits into one, and acknowledges what comes back. One echo is four datagrams, as over USMP.
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { Aead } from "./aead.mjs";

/** As long as USMP's. */
const ACK = Buffer.alloc(15, 1);

sending(async () => {
  const socket = createSocket("udp4");
  socket.connect(setup.port, "127.0.0.1");
  await once(socket, "connect");
  const [sealing, opening] = [new Aead(setup.cipher), new Aead(setup.cipher)];
  let arrived;
  socket.on("message", (datagram) => {
    if (datagram.length === ACK.length) return;
    opening.open(datagram.subarray(2));
    socket.send(ACK);
    arrived();
  });
  return {
    echo(data) {
      socket.send(sealing.seal(data));
      return new Promise((resolve) => (arrived = resolve));
    },
    close: async () => void socket.close(),
  };
});
