// Plain sockets.
import { createServer } from "node:net";

import { counted, listening, messageSize } from "../receiving.mjs";
import { serveStream } from "../stream-connection.mjs";

const server = createServer({ noDelay: true }, (socket) => serveStream(socket, counted, () => messageSize));
server.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 }, () => listening(server.address().port));
