// Sends back what it opened, sealed again: an echo that makes the AEAD calls of the library on a plain socket.
import { Buffer } from "node:buffer";
import { createServer } from "node:net";

import { listening } from "../receiving.mjs";
import { setup } from "../setup.mjs";
import { Aead, readPieces } from "./aead.mjs";

const server = createServer({ noDelay: true }, (socket) => {
  const [sealing, opening] = [new Aead(setup.cipher), new Aead(setup.cipher)];
  let pieces = [];
  let length = 0;
  readPieces(socket, (sealed) => {
    const piece = opening.open(sealed);
    pieces.push(piece);
    length += piece.length;
    if (length < setup.size) return;
    socket.write(sealing.seal(pieces.length === 1 ? piece : Buffer.concat(pieces)));
    pieces = [];
    length = 0;
  });
  socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => listening(server.address().port));
