/** A device on a real UDP socket that knows the protocol, and the PSK where it is given it, and keeps to none of its rules. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { concat } from "../../lib/core/wire/bytes.js";
import {
  deriveSessionKeys,
  hmacClient,
  type SessionKeys,
  type Transcript,
} from "../../lib/core/handshake/key-derivation.js";
import { isUtack } from "../../lib/core/wire/utack.js";
import { FrameType } from "../../lib/core/wire/wire.js";
import { NOTHING, utf8 } from "./core-bytes.js";
import { crypto } from "./core-crypto.js";
import { plainFrame, sealedFrame } from "./core-frames.js";
import { LOOPBACK } from "./session-echo.js";
import { HOSTILE_ID, type HostileOptions } from "./session-hostile.js";
import { TEXT_PSK } from "./session-network.js";
import { eventually } from "./session-waits.js";

export class UdpHostile {
  readonly socket: Socket;
  readonly deviceId: Uint8Array;
  readonly psk: Uint8Array;
  readonly pair = crypto.generateKeyPair();
  /** Everything that came, UTACKs included. */
  readonly received: Uint8Array[] = [];
  sessionId = NOTHING;
  seq = 0;
  readonly #port: number;
  #keys: SessionKeys | null = null;
  #transcript: Transcript | null = null;

  private constructor(socket: Socket, port: number, { deviceId = HOSTILE_ID, psk = utf8(TEXT_PSK) }: HostileOptions) {
    this.socket = socket;
    this.#port = port;
    this.deviceId = deviceId;
    this.psk = psk;
    socket.on("message", (datagram) => this.received.push(Uint8Array.from(datagram)));
    socket.on("error", () => {});
  }

  /** A socket of its own, or with `localPort` that of somebody who is gone. */
  static async open(port: number, options: HostileOptions = {}, localPort = 0): Promise<UdpHostile> {
    const socket = createSocket("udp4");
    socket.bind(localPort, options.localAddress ?? LOOPBACK);
    await once(socket, "listening");
    return new UdpHostile(socket, port, options);
  }

  get localPort(): number {
    return this.socket.address().port;
  }

  write(...datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.socket.send(datagram, this.#port, LOOPBACK);
  }

  /** The `nth` frame of a type that came. */
  async frame(type: number, nth = 1): Promise<Uint8Array> {
    const all = (): Uint8Array[] => this.received.filter((datagram) => !isUtack(datagram) && datagram[3] === type);
    await eventually(() => all().length >= nth, `frame ${nth} of type ${type}`);
    return all()[nth - 1]!;
  }

  /** Resolves when the gateway has read whatever any socket of this process sent it before: it reads in order. */
  async allRead(): Promise<void> {
    const before = this.reflected(FrameType.HELLO_RETRY).length;
    this.write(this.hello());
    await this.frame(FrameType.HELLO_RETRY, before + 1);
  }

  /** How many UTACKs for a type came. */
  utacks(type: number): number {
    return this.received.filter((datagram) => isUtack(datagram) && datagram[2] === type).length;
  }

  hello(cookie: Uint8Array = NOTHING): Uint8Array {
    const payload = concat(this.deviceId, this.pair.publicKey, cookie);
    return plainFrame(FrameType.HELLO, payload, cookie.length === 0 ? 0 : 1);
  }

  /** HELLO, its cookie, and the proof that answers its CHALLENGE; sent by the caller. */
  async prove(): Promise<Uint8Array> {
    this.write(this.hello());
    const cookie = (await this.frame(FrameType.HELLO_RETRY)).subarray(12);
    this.write(this.hello(cookie));
    const challenge = await this.frame(FrameType.CHALLENGE);
    const { deviceId, pair } = this;
    const transcript = { deviceId, pubC: pair.publicKey, nonce: challenge.slice(12, 44), pubS: challenge.slice(44) };
    this.#transcript = transcript;
    return plainFrame(FrameType.HELLO_ACK, hmacClient(crypto, this.psk, transcript), 2);
  }

  /** The whole handshake, as an honest device. */
  async establish(): Promise<this> {
    this.write(await this.prove());
    this.sessionId = (await this.frame(FrameType.SESSION_OK)).slice(12, 28);
    this.#keys = deriveSessionKeys(crypto, this.pair, this.#transcript!.pubS, this.#transcript!);
    return this;
  }

  /** A frame that verifies, with the next number or a given one. */
  sealed(type: number, plaintext: Uint8Array | string = NOTHING, seq = this.seq++): Uint8Array {
    if (this.#keys === null) throw new Error("there is no session");
    const bytes = typeof plaintext === "string" ? utf8(plaintext) : plaintext;
    return sealedFrame({ key: this.#keys.c2s, sessionId: this.sessionId }, type, seq, bytes);
  }

  /** The gateway's own frames, as the device's: what reflecting does. */
  reflected(type: number): Uint8Array[] {
    return this.received.filter((datagram) => !isUtack(datagram) && datagram[3] === type);
  }

  async close(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}
