// Seals, sends, and opens what comes back, on a plain socket.
import { once } from "node:events";
import { connect } from "node:net";

import { sending } from "../sending.mjs";
import { setup } from "../setup.mjs";
import { Aead, readPieces } from "./aead.mjs";

sending(async () => {
  const socket = connect({ host: "127.0.0.1", port: setup.port, noDelay: true });
  await once(socket, "connect");
  const [sealing, opening] = [new Aead(setup.cipher), new Aead(setup.cipher)];
  let missing = 0;
  let arrived;
  readPieces(socket, (sealed) => {
    missing -= opening.open(sealed).length;
    if (missing === 0) arrived();
  });
  return {
    echo(data) {
      missing = data.length;
      socket.write(sealing.seal(data));
      return new Promise((resolve) => (arrived = resolve));
    },
    close: () => new Promise((resolve) => socket.end(resolve)),
  };
});
