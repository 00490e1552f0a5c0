/**
 * Bad handshakes at a steady rate, from addresses of their own, as somebody without the key would make them.
 * Arguments: the gateway's TCP port and UDP port.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

import { plainDatagram, readDatagram } from "../../lib/core/wire/datagram-frame.js";
import { DEVICE_SEQ, HELLO_LENGTH, writeHello } from "../../lib/core/wire/handshake-payloads.js";
import {
  COOKIE_LENGTH,
  DEVICE_ID_LENGTH,
  FrameType,
  HMAC_LENGTH,
  PUBLIC_KEY_LENGTH,
} from "../../lib/core/wire/wire.js";
import { obey, tell } from "../peers/control.mjs";

const [tcp, udp] = process.argv.slice(2).map(Number) as [number, number];

/** A handshake that the gateway has not ended by then is let go; its own patience is 10 s. */
const LIFE_MS = 12_000;
/** Over UDP nothing tells that the gateway has no answer. */
const DATAGRAM_LIFE_MS = 2_000;
/** More at once than this cannot be: the rate and the lives above bound it. Where they do not, fewer are started. */
const MAX_OPEN = 6_000;
const GARBAGE_LENGTH = 64;

const sockets = new Set<{ destroy(): void }>();

type Kind = (number: number) => void;

const KINDS: Readonly<Record<string, Kind>> = {
  "tcp garbage": (number) => void open(number).write(randomBytes(GARBAGE_LENGTH)),
  "tcp HELLO, then silence": (number) => void open(number).write(hello()),
  "tcp HELLO, wrong HELLO_ACK": (number) => {
    const socket = open(number);
    socket.write(hello());
    socket.once("data", () => socket.write(wrongAck()));
  },
  "udp HELLO without cookie": (number) => converse(number, hello(), () => null),
  "udp HELLO, wrong cookie": (number) => converse(number, hello(randomBytes(COOKIE_LENGTH)), () => null),
  "udp HELLO, right cookie, wrong HELLO_ACK": (number) => {
    const [deviceId, pubC] = [randomBytes(DEVICE_ID_LENGTH), randomBytes(PUBLIC_KEY_LENGTH)];
    converse(
      number,
      plainDatagram(FrameType.HELLO, DEVICE_SEQ.hello, writeHello(deviceId, pubC)),
      ({ type, payload }) => {
        if (type === FrameType.HELLO_RETRY) {
          return plainDatagram(FrameType.HELLO, DEVICE_SEQ.helloWithCookie, writeHello(deviceId, pubC, payload));
        }
        return type === FrameType.CHALLENGE ? wrongAck() : null;
      },
    );
  },
};

function hello(cookie: Uint8Array = new Uint8Array(0)): Uint8Array {
  const seq = cookie.length === 0 ? DEVICE_SEQ.hello : DEVICE_SEQ.helloWithCookie;
  return plainDatagram(FrameType.HELLO, seq, Buffer.concat([randomBytes(HELLO_LENGTH), cookie]));
}

function wrongAck(): Uint8Array {
  return plainDatagram(FrameType.HELLO_ACK, DEVICE_SEQ.helloAck, randomBytes(HMAC_LENGTH));
}

/** 127.1.0.1 to 127.1.249.250: none that a device uses. */
function attackerAddress(number: number): string {
  return `127.1.${Math.floor(number / 250) % 250}.${1 + (number % 250)}`;
}

function open(number: number): Socket {
  const socket = connect({ host: "127.0.0.1", port: tcp, localAddress: attackerAddress(number), noDelay: true });
  sockets.add(socket);
  socket.setTimeout(LIFE_MS, () => socket.destroy());
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  // What comes is read, and thrown away.
  socket.resume();
  return socket;
}

/** Sends `first`, and to each frame that comes what `answer` makes of it. */
function converse(
  number: number,
  first: Uint8Array,
  answer: (frame: { readonly type: number; readonly payload: Uint8Array }) => Uint8Array | null,
): void {
  const socket = createSocket({ type: "udp4", lookup: (host, _options, callback) => callback(null, host, 4) });
  let closed = false;
  const entry = {
    destroy: () => {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      sockets.delete(entry);
      socket.close();
    },
  };
  const timer = setTimeout(entry.destroy, DATAGRAM_LIFE_MS);
  sockets.add(entry);
  socket.on("error", entry.destroy);
  socket.on("message", (datagram) => {
    const frame = readDatagram(datagram);
    const reply = frame === null ? null : answer(frame);
    if (reply !== null) socket.send(reply, udp, "127.0.0.1", () => {});
  });
  socket.bind(0, attackerAddress(number), () => socket.send(first, udp, "127.0.0.1", () => {}));
}

/** What runs at present, for `stop`. */
let running: AbortController | null = null;

async function flood(perSecond: number, mostMs: number): Promise<Record<string, unknown>> {
  const { signal } = (running = new AbortController());
  const kinds = Object.values(KINDS);
  const start = performance.now();
  const elapsedMs = (): number => performance.now() - start;
  let number = 0;
  let heldBack = 0;
  while (!signal.aborted && elapsedMs() < mostMs) {
    for (const due = (elapsedMs() / 1000) * perSecond; number < due; number++) {
      const begin = kinds[number % kinds.length]!;
      if (sockets.size >= MAX_OPEN) heldBack++;
      else {
        begin(number);
      }
    }
    await sleep(1);
  }
  const seconds = elapsedMs() / 1000;
  for (const socket of [...sockets]) socket.destroy();
  return { seconds, total: number - heldBack };
}

let flooding: Promise<Record<string, unknown>> | null = null;

obey({
  /** Begins; it ends by `stop`, or after `mostMs`. */
  start: ({ perSecond, mostMs }: { perSecond: number; mostMs: number }) => {
    flooding = flood(perSecond, mostMs);
  },
  stop: () => {
    running?.abort();
    return flooding ?? {};
  },
});
tell({ event: "ready" });
