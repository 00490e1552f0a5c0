import type { RemoteInfo, Socket } from "node:dgram";

import { UsmpError } from "../errors.js";
import { plainAddress } from "./place.js";
import { transientDatagramError, listenFailure } from "./system-errors.js";
import type { DatagramHandlers, DatagramPeer, Listener } from "./transport.js";

/** One bound socket for all peers. */
export class UdpListener implements Listener {
  readonly kind = "udp";
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  #closing: Promise<void> | null = null;

  constructor(socket: Socket, handlers: DatagramHandlers) {
    const { address, port } = socket.address();
    this.#socket = socket;
    this.address = address;
    this.port = port;
    socket.on("message", (datagram, from) => {
      if (this.#closing === null) handlers.onDatagram(datagram, new UdpPeer(this, from));
    });
    socket.on("error", (error) => {
      if (this.#closing === null) handlers.onError(listenFailure(error, address, port));
    });
  }

  /** Sends to an address in the form in which the socket reports it. */
  send(datagram: Uint8Array, address: string, port: number, onSent?: (trouble?: UsmpError) => void): void {
    if (this.#closing !== null) {
      queueMicrotask(() => onSent?.(new UsmpError("TRANSPORT", "the listener is closed")));
      return;
    }
    this.#socket.send(datagram, port, address, (error) => {
      if (error === null) onSent?.();
      else onSent?.(transientDatagramError(error, plainAddress(address), port));
    });
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#socket.close(() => resolve()));
    return this.#closing;
  }

  unref(): void {
    this.#socket.unref();
  }
}

class UdpPeer implements DatagramPeer {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly #listener: UdpListener;
  readonly #shownAs: string;

  constructor(listener: UdpListener, { address, port }: RemoteInfo) {
    this.#listener = listener;
    this.#shownAs = address;
    this.address = plainAddress(address);
    this.port = port;
    this.key = `${this.address}|${port}`;
  }

  send(datagram: Uint8Array, onSent?: (trouble?: UsmpError) => void): void {
    this.#listener.send(datagram, this.#shownAs, this.port, onSent);
  }
}
