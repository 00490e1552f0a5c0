// Transports of our own, which a user could write as well: as the library's, from a chosen source address, so that thousands of
// devices on one machine do not look like one. `dialer.link` is the last link: destroying it is a device that lost its power.
import { createSocket } from "node:dgram";
import { connect } from "node:net";

const CONNECT_LIMIT_MS = 15_000;

/** 127.0.1.1 to 127.0.64.250: many addresses, and none that anybody listens on. */
export function sourceAddress(index) {
  return `127.0.${1 + (index % 64)}.${1 + (Math.floor(index / 64) % 250)}`;
}

export function dialerFor(carrier, port, localAddress) {
  const dialer = {
    kind: carrier,
    link: null,
    describe: () => `${carrier} 127.0.0.1:${port} from ${localAddress}`,
    dial: async () => (dialer.link = await (carrier === "udp" ? dialUdp : dialTcp)(port, localAddress)),
  };
  return dialer;
}

/** A plain socket to `port`, paused. */
export function connectFrom(port, localAddress) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true, noDelay: true });
    socket.pause();
    socket.setTimeout(CONNECT_LIMIT_MS, () => socket.destroy(new Error("no connection in time")));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

async function dialTcp(port, localAddress) {
  const socket = await connectFrom(port, localAddress);
  let failure;
  socket.on("error", (error) => (failure = error));
  return {
    remoteAddress: "127.0.0.1",
    remotePort: port,
    attach(handlers) {
      socket.on("data", (chunk) => handlers.onBytes(chunk));
      socket.on("end", () => handlers.onEnd());
      socket.on("close", () => handlers.onClose(failure));
      socket.resume();
    },
    send: (bytes, onFlushed) => void socket.write(bytes, (error) => error || onFlushed()),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    unref: () => void socket.unref(),
  };
}

function dialUdp(port, localAddress) {
  return new Promise((resolve, reject) => {
    const lookup = (host, _options, callback) => callback(null, host, 4);
    const socket = createSocket({ type: "udp4", lookup });
    socket.once("error", reject);
    socket.bind(0, localAddress, () => {
      socket.connect(port, "127.0.0.1", () => {
        socket.off("error", reject);
        resolve(udpLink(socket, port));
      });
    });
  });
}

function udpLink(socket, port) {
  let handlers;
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    socket.close(() => handlers.onClose());
  };
  // A refused datagram is news for nobody here: the session's own patience judges.
  socket.on("error", () => {});
  return {
    carries: "datagrams",
    remoteAddress: "127.0.0.1",
    remotePort: port,
    attach(given) {
      handlers = given;
      socket.on("message", (datagram) => closed || handlers.onBytes(datagram));
    },
    send(bytes, onFlushed) {
      if (!closed) socket.send(bytes, () => closed || onFlushed());
    },
    pause() {},
    resume() {},
    end: close,
    destroy: close,
    unref: () => void socket.unref(),
  };
}
