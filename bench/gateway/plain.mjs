// What the gateway's memory is compared with: plain sockets, accepted with the same options, and nothing above them.
import { createServer } from "node:net";
import { obey, tell } from "../peers/lines.mjs";
import { memory } from "./memory.mjs";

const sockets = new Set();
const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on("data", (data) => socket.write(data));
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  socket.on("end", () => socket.end());
  socket.resume();
});

obey({ memory, counts: () => ({ live: sockets.size }) });
server.listen({ host: "127.0.0.1", port: 0 }, () => tell({ event: "listening", tcp: server.address().port }));
