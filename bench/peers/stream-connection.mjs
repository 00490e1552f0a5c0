// A connection over any of Node's duplex streams whose bytes come back as they were sent.
import { once } from "node:events";

export function streamConnection(stream) {
  let missing = 0;
  let arrived;
  stream.on("data", (bytes) => {
    missing -= bytes.length;
    if (missing === 0) arrived();
  });
  return {
    send(data) {
      if (stream.writableNeedDrain) return false;
      stream.write(data);
      return true;
    },
    drained: () => once(stream, "drain"),
    echo(data) {
      missing = data.length;
      stream.write(data);
      return new Promise((resolve) => (arrived = resolve));
    },
    async close() {
      const closed = once(stream, "close");
      stream.end();
      await closed;
    },
  };
}

/** The other end: counts the bytes as messages, or sends them back. */
export function serveStream(stream, counted, size) {
  stream.on("data", (bytes) => {
    if (!counted(bytes.length / size())) stream.write(bytes);
  });
  stream.on("error", () => {});
}
