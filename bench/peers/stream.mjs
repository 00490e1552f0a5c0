// A session on one of Node's duplex streams that carries the messages as they are.
import { once } from "node:events";

export function streamSession(stream) {
  let missing = 0;
  let arrived;
  stream.on("data", (bytes) => {
    missing -= bytes.length;
    if (missing === 0) arrived();
  });
  return {
    send: (data) => {
      if (stream.writableNeedDrain) return false;
      stream.write(data);
      return true;
    },
    drained: () => once(stream, "drain"),
    echo: (data) => {
      missing = data.length;
      stream.write(data);
      return new Promise((resolve) => (arrived = resolve));
    },
    close: async () => {
      const closed = once(stream, "close");
      stream.end();
      await closed;
    },
  };
}

export function serveStream(stream, took) {
  stream.on("data", (bytes) => {
    if (!took(bytes.length)) stream.write(bytes);
  });
  stream.on("error", () => {});
}

/** Resolves with the port that the system chose. */
export async function portOf(server) {
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1_024 });
  await once(server, "listening");
  return server.address().port;
}
