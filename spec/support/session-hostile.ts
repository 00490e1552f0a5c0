/** Peers on real sockets that know the protocol, and the PSK where they are given it, and keep to none of its rules. */
import net from "node:net";
import { concat } from "../../lib/core/wire/bytes.js";
import type { CipherName, KeyPair } from "../../lib/core/crypto-provider.js";
import {
  deriveSessionKeys,
  hmacClient,
  hmacServer,
  type SessionKeys,
  type Transcript,
} from "../../lib/core/handshake/key-derivation.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { filled, NOTHING, utf8 } from "./core-bytes.js";
import { crypto } from "./core-crypto.js";
import { plainFrame, sealedFrame } from "./core-frames.js";
import { LOOPBACK } from "./session-echo.js";
import { DEVICE_A, TEXT_PSK } from "./session-network.js";
import { eventually, soon } from "./session-waits.js";

export const HOSTILE_ID = Uint8Array.from(DEVICE_A.split(":"), (pair) => Number.parseInt(pair, 16));

/** One raw connection: what came, and whether it is over. */
export class RawPeer {
  readonly socket: net.Socket;
  received: Uint8Array = NOTHING;
  closed = false;
  #read = 0;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => (this.received = concat(this.received, chunk)));
    socket.on("error", () => {});
    socket.on("close", () => (this.closed = true));
  }

  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.socket.write(chunk);
  }

  /** Writes, and waits until the system has taken it: the next write is a chunk of its own for the peer, most likely. */
  push(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(chunk, () => setImmediate(resolve)));
  }

  /** The next `count` bytes. */
  async take(count: number): Promise<Uint8Array> {
    await eventually(() => this.received.length >= this.#read + count || this.closed, `${count} bytes from the peer`);
    const taken = this.received.slice(this.#read, this.#read + count);
    if (taken.length < count) throw new Error("the peer closed instead of answering");
    this.#read += count;
    return taken;
  }

  /** The next frame. */
  async takeFrame(): Promise<Uint8Array> {
    const header = await this.take(12);
    return concat(header, await this.take(header[8]! | (header[9]! << 8)));
  }

  /** Waits until the peer has closed. */
  over(): Promise<void> {
    return eventually(() => this.closed, "the peer's close");
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A device that does as it likes. */
export class HostileDevice extends RawPeer {
  readonly pair: KeyPair;
  readonly deviceId: Uint8Array;
  readonly psk: Uint8Array;
  readonly cipher: CipherName;
  pubC: Uint8Array;
  sessionId = NOTHING;
  transcript: Transcript | null = null;
  #keys: SessionKeys | null = null;
  /** The next number that an honest device would use. */
  seq = 0;

  private constructor(socket: net.Socket, options: HostileOptions) {
    super(socket);
    this.pair = crypto.generateKeyPair();
    this.pubC = options.pubC ?? this.pair.publicKey;
    this.deviceId = options.deviceId ?? HOSTILE_ID;
    this.psk = options.psk ?? utf8(TEXT_PSK);
    this.cipher = options.cipher ?? "aes-256-gcm";
  }

  static async connect(port: number, options: HostileOptions = {}): Promise<HostileDevice> {
    const { localAddress = LOOPBACK } = options;
    const socket = net.connect({ port, host: LOOPBACK, localAddress });
    const device = new HostileDevice(socket, options);
    await soon(new Promise((resolve) => socket.once("connect", resolve)), "a raw connection");
    return device;
  }

  hello(): Uint8Array {
    return plainFrame(FrameType.HELLO, concat(this.deviceId, this.pubC));
  }

  /** HELLO, and the proof that answers its CHALLENGE; sent by the caller. */
  async prove(change: Partial<Transcript> = {}): Promise<Uint8Array> {
    this.write(this.hello());
    const challenge = await this.takeFrame();
    this.transcript = {
      deviceId: this.deviceId,
      pubC: this.pubC,
      nonce: challenge.slice(12, 44),
      pubS: challenge.slice(44),
      ...change,
    };
    return plainFrame(FrameType.HELLO_ACK, hmacClient(crypto, this.psk, this.transcript), 2);
  }

  /** Takes SESSION_OK. */
  async finish(): Promise<void> {
    const ok = await this.takeFrame();
    if (ok[3] !== FrameType.SESSION_OK || this.transcript === null) throw new Error("no SESSION_OK");
    this.sessionId = ok.slice(12, 28);
    this.#keys = deriveSessionKeys(crypto, this.pair, this.transcript.pubS, this.transcript);
  }

  /** The whole handshake, as an honest device. */
  async establish(): Promise<this> {
    this.write(await this.prove());
    await this.finish();
    return this;
  }

  get keys(): SessionKeys {
    if (this.#keys === null) throw new Error("there is no session");
    return this.#keys;
  }

  set keys(keys: SessionKeys) {
    this.#keys = keys;
  }

  /** A frame that verifies, with the next number or a given one. */
  sealed(type: number, plaintext: Uint8Array | string = NOTHING, seq = this.seq++): Uint8Array {
    const { sessionId, cipher } = this;
    const bytes = typeof plaintext === "string" ? utf8(plaintext) : plaintext;
    return sealedFrame({ key: this.keys.c2s, sessionId, cipher }, type, seq, bytes);
  }
}

export interface HostileOptions {
  readonly deviceId?: Uint8Array;
  readonly psk?: Uint8Array;
  readonly pubC?: Uint8Array;
  readonly cipher?: CipherName;
  /** Where it comes from: on Linux all of 127.0.0.0/8 is this machine. */
  readonly localAddress?: string;
}

/** A gateway that does as it likes with each connection. */
export class HostileGateway {
  readonly #server: net.Server;
  readonly #peers: RawPeer[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
  }

  static async start(act: (peer: RawPeer) => Promise<void> | void): Promise<HostileGateway> {
    const server = net.createServer({ allowHalfOpen: true });
    const gateway = new HostileGateway(server);
    server.on("connection", (socket) => {
      const peer = new RawPeer(socket);
      gateway.#peers.push(peer);
      // A device that hung up leaves the script where it was.
      void Promise.resolve(act(peer)).catch(() => {});
    });
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    return gateway;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  stop(): void {
    for (const peer of this.#peers) peer.destroy();
    this.#server.close();
  }
}

export interface GatewayScript {
  readonly psk?: Uint8Array;
  readonly pubS?: Uint8Array;
  /** What to send as SESSION_OK's payload, from the right one and the device's own HMAC. */
  readonly change?: (payload: Uint8Array, hmacOfDevice: Uint8Array) => Uint8Array;
}

/** Plays a gateway's handshake. Gives back what seals towards the device. */
export async function playGatewayHandshake(
  peer: RawPeer,
  { psk = utf8(TEXT_PSK), pubS, change = (payload) => payload }: GatewayScript = {},
): Promise<(type: number, seq: number, plaintext?: Uint8Array) => Uint8Array> {
  const hello = await peer.takeFrame();
  const pair = crypto.generateKeyPair();
  const transcript: Transcript = {
    deviceId: hello.slice(12, 18),
    pubC: hello.slice(18, 50),
    nonce: filled(32, 0x4e),
    pubS: pubS ?? pair.publicKey,
  };
  peer.write(plainFrame(FrameType.CHALLENGE, concat(transcript.nonce, transcript.pubS)));
  const ack = await peer.takeFrame();
  const sessionId = filled(16, 0x51);
  const right = concat(sessionId, hmacServer(crypto, psk, transcript, sessionId));
  peer.write(plainFrame(FrameType.SESSION_OK, change(right, ack.slice(12))));
  const keys = deriveSessionKeys(crypto, pair, transcript.pubC, transcript);
  return (type, seq, plaintext = NOTHING) => {
    if (keys === null) throw new Error("there are no keys");
    return sealedFrame({ key: keys.s2c, sessionId }, type, seq, plaintext);
  };
}
