// Datagrams: acknowledges each sealed piece, and sends back what it opened.
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";

import { listening } from "../receiving.mjs";
import { setup } from "../setup.mjs";
import { Aead } from "./aead.mjs";

/** As long as USMP's. */
const ACK = Buffer.alloc(15, 1);

const socket = createSocket("udp4");
const [sealing, opening] = [new Aead(setup.cipher), new Aead(setup.cipher)];
socket.on("message", (datagram, { port, address }) => {
  if (datagram.length === ACK.length) return;
  socket.send(ACK, port, address);
  socket.send(sealing.seal(opening.open(datagram.subarray(2))), port, address);
});
socket.bind(0, "127.0.0.1", () => listening(socket.address().port));
