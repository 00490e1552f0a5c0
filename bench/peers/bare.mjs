// The library's own AEAD calls and nothing else: over TCP each sealed piece follows its length, and what is sent in one turn of the
// event loop is one write; over UDP each piece is a datagram, and each datagram is acknowledged, as USMP demands.
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as dial, createServer } from "node:net";

import { portOf } from "./stream.mjs";

const { loadCrypto } = await import(JSON.parse(process.argv[2]).crypto);
const provider = await loadCrypto();

/** As in USMP: bytes of plaintext in a frame, of a tag, of a nonce, of associated data, of an acknowledgement. */
const [PIECE, TAG, NONCE, ASSOCIATED_DATA, ACK] = [452, 16, 12, 10, 15];
const LENGTH = 2;
/** A write has this many bytes at most, and a message. */
const GATHERED = 65_536;

const key = new Uint8Array(32).fill(7);
const associatedData = new Uint8Array(ASSOCIATED_DATA);
const acknowledgement = Buffer.alloc(ACK);

/** One direction: every call takes the next nonce. */
function aeadOf(cipher) {
  const aead = provider.aead(cipher, key);
  const nonce = new Uint8Array(NONCE);
  const counter = new DataView(nonce.buffer);
  let next = 0;
  const nextNonce = () => {
    counter.setUint32(0, next++, true);
    return nonce;
  };
  return {
    seal: (plaintext, out, offset) => aead.seal(nextNonce(), associatedData, plaintext, out, offset),
    open: (sealed) => aead.open(nextNonce(), associatedData, sealed),
  };
}

/** Calls `onPiece` with each piece that arrives, opened. */
function readPieces(socket, cipher, onPiece) {
  const aead = aeadOf(cipher);
  let kept = null;
  socket.on("data", (chunk) => {
    let bytes = kept === null ? chunk : Buffer.concat([kept, chunk]);
    while (bytes.length >= LENGTH) {
      const end = LENGTH + bytes.readUInt16LE(0);
      if (bytes.length < end) break;
      onPiece(aead.open(bytes.subarray(LENGTH, end)));
      bytes = bytes.subarray(end);
    }
    kept = bytes.length === 0 ? null : bytes;
  });
  socket.on("error", () => {});
}

/** Seals messages; those of one turn leave together. */
function writerOf(socket, cipher) {
  const aead = aeadOf(cipher);
  let pieces = [];
  let gathered = 0;
  const flush = () => {
    if (pieces.length > 0) socket.write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    pieces = [];
    gathered = 0;
  };
  return (data) => {
    for (let from = 0; from < data.length; from += PIECE) {
      const plaintext = data.length <= PIECE ? data : data.subarray(from, from + PIECE);
      const piece = Buffer.allocUnsafe(LENGTH + plaintext.length + TAG);
      piece.writeUInt16LE(plaintext.length + TAG, 0);
      aead.seal(plaintext, piece, LENGTH);
      if (pieces.push(piece) === 1) process.nextTick(flush);
      gathered += piece.length;
    }
    if (gathered >= GATHERED) flush();
  };
}

export async function connect({ carrier, cipher, port }) {
  if (carrier === "udp") return connectUdp(cipher, port);
  const socket = dial({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const write = writerOf(socket, cipher);
  let missing = 0;
  let arrived;
  readPieces(socket, cipher, (piece) => {
    missing -= piece.length;
    if (missing === 0) arrived();
  });
  return {
    send: (data) => {
      if (socket.writableNeedDrain) return false;
      write(data);
      return true;
    },
    drained: () => once(socket, "drain"),
    echo: (data) => {
      missing = data.length;
      write(data);
      return new Promise((resolve) => (arrived = resolve));
    },
    close: async () => void socket.destroy(),
  };
}

export function listen({ carrier, cipher }, took) {
  if (carrier === "udp") return listenUdp(cipher);
  const server = createServer({ noDelay: true }, (socket) => {
    const write = writerOf(socket, cipher);
    readPieces(socket, cipher, (piece) => {
      if (!took(piece.length)) write(piece);
    });
  });
  return portOf(server);
}

/** A sealed datagram of its own. */
function sealed(aead, data) {
  const datagram = Buffer.allocUnsafe(data.length + TAG);
  aead.seal(data, datagram, 0);
  return datagram;
}

/** Echoes of messages that fit into one datagram. */
async function connectUdp(cipher, port) {
  const socket = createSocket("udp4");
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  const [sealing, opening] = [aeadOf(cipher), aeadOf(cipher)];
  let arrived;
  socket.on("message", (datagram) => {
    if (datagram.length === ACK) return;
    opening.open(datagram);
    socket.send(acknowledgement);
    arrived();
  });
  return {
    echo: (data) => {
      socket.send(sealed(sealing, data));
      return new Promise((resolve) => (arrived = resolve));
    },
    close: async () => void socket.close(),
  };
}

async function listenUdp(cipher) {
  const socket = createSocket("udp4");
  const [sealing, opening] = [aeadOf(cipher), aeadOf(cipher)];
  socket.on("message", (datagram, { port, address }) => {
    if (datagram.length === ACK) return;
    socket.send(acknowledgement, port, address);
    socket.send(sealed(sealing, opening.open(datagram)), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket.address().port;
}
