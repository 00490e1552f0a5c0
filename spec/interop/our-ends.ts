/** Our devices and gateways, each in promise style and as the facade, behind one interface for the specs. */
import { expect } from "chai";

import {
  Usmp,
  UsmpClient,
  UsmpErrno,
  UsmpServer,
  type CipherName,
  type TcpTransport,
  type UdpTransport,
  type UsmpError,
  type UsmpSession,
} from "../../lib/index.js";
import { Mailbox } from "../support/python-mailbox.js";

export const HOST = "127.0.0.1";
export const CIPHERS: readonly CipherName[] = ["aes-256-gcm", "chacha20-poly1305"];

export type Carrier = "tcp" | "udp";
export const CARRIERS: readonly Carrier[] = ["tcp", "udp"];

/** Our transport of that kind. */
export function transportOf(carrier: Carrier, port: number): TcpTransport | UdpTransport {
  return carrier === "tcp" ? Usmp.TCP(HOST, port) : Usmp.UDP(HOST, port);
}

/** The limit of every wait for a message. */
const LIMIT = { timeoutMs: 10_000 };

/** One end of an established session; its methods are the public ones of the class behind it. */
export interface OurEnd {
  readonly session: UsmpSession;
  send(data: Uint8Array): Promise<void>;
  receive(): Promise<Uint8Array>;
  ping(): Promise<number>;
  rekey(): Promise<void>;
  /** Ends the session with BYE. */
  end(): Promise<void>;
  /** The reason of the session's end. */
  ended(): Promise<UsmpError>;
}

export interface DeviceOptions {
  readonly carrier: Carrier;
  readonly port: number;
  readonly psk: string;
  readonly cipher: CipherName;
  readonly deviceId: string;
}

export interface GatewayOptions {
  readonly carrier: Carrier;
  readonly psk: string;
  readonly cipher: CipherName;
}

export interface OurGateway {
  readonly port: number;
  /** The next session that a device opens. */
  nextSession(): Promise<OurEnd>;
  stop(): Promise<void>;
}

/** How to connect, by the name of the class that does. */
export const DEVICES: Readonly<Record<string, (options: DeviceOptions) => Promise<OurEnd>>> = {
  UsmpClient: connectClient,
  Usmp: connectFacade,
};

/** How to listen, by the name of the class that does. */
export const GATEWAYS: Readonly<Record<string, (options: GatewayOptions) => Promise<OurGateway>>> = {
  UsmpServer: listenWithServer,
  "a listening Usmp": listenWithFacade,
};

async function connectClient({ carrier, port, ...options }: DeviceOptions): Promise<OurEnd> {
  const client = new UsmpClient({ ...options, transport: transportOf(carrier, port) });
  const reasons = new Mailbox<UsmpError>("end of our session");
  client.on("disconnect", (reason) => reasons.put(reason));
  await client.connect();
  return {
    session: client.session as UsmpSession,
    send: (data) => client.sendAsync(data),
    receive: () => client.recv(LIMIT),
    ping: () => client.ping(),
    rekey: () => client.rekey(),
    end: () => client.disconnect(),
    ended: () => reasons.next(),
  };
}

async function connectFacade({ carrier, port, psk, ...options }: DeviceOptions): Promise<OurEnd> {
  const usmp = new Usmp(psk, { ...options, reconnect: false });
  const sessions = new Mailbox<UsmpSession>("session of ours");
  const messages = new Mailbox<Uint8Array>("message for us");
  const reasons = new Mailbox<UsmpError>("end of our session");
  usmp.onConnect((session) => sessions.put(session));
  usmp.onMessage((data) => messages.put(data));
  usmp.onDisconnect((reason) => reasons.put(reason));
  expect(await usmp.begin(transportOf(carrier, port)), usmp.lastErrorString()).to.be.true;
  return {
    session: await sessions.next(),
    send: waitingForRoom(usmp, (data) => usmp.send(data)),
    receive: () => messages.next(),
    ping: () => usmp.ping(),
    rekey: () => usmp.rekey(),
    end: () => usmp.close(),
    ended: () => reasons.next(),
  };
}

async function listenWithServer({ carrier, ...options }: GatewayOptions): Promise<OurGateway> {
  const server = new UsmpServer(options);
  const sessions = new Mailbox<OurEnd>("session with us");
  server.onSession((session) => {
    sessions.put({
      session,
      send: (data) => session.sendAsync(data),
      receive: () => session.recv(LIMIT),
      ping: () => session.ping(),
      rekey: () => session.rekey(),
      end: () => session.close(),
      ended: () => session.closed,
    });
  });
  const [listening] = await server.listen(transportOf(carrier, 0));
  return { port: listening?.port ?? 0, nextSession: () => sessions.next(), stop: () => server.stop() };
}

async function listenWithFacade({ carrier, psk, cipher }: GatewayOptions): Promise<OurGateway> {
  const usmp = new Usmp(psk, { cipher });
  const sessions = new Mailbox<OurEnd>("session with us");
  const messages = new Map<UsmpSession, Mailbox<Uint8Array>>();
  const reasons = new Map<UsmpSession, Mailbox<UsmpError>>();
  usmp.onMessage((data, _length, session) => messages.get(session)?.put(data));
  usmp.onDisconnect((reason, session) => reasons.get(session)?.put(reason));
  usmp.onConnect((session) => {
    const inbox = new Mailbox<Uint8Array>(`message of ${session.deviceId}`);
    const ended = new Mailbox<UsmpError>(`end of ${session.deviceId}`);
    messages.set(session, inbox);
    reasons.set(session, ended);
    sessions.put({
      session,
      send: waitingForRoom(usmp, (data) => usmp.sendTo(session.deviceId, data)),
      receive: () => inbox.next(),
      ping: () => session.ping(),
      rekey: () => session.rekey(),
      end: () => session.close(),
      ended: () => ended.next(),
    });
  });
  const [listening] = await usmp.listen(transportOf(carrier, 0));
  return { port: listening?.port ?? 0, nextSession: () => sessions.next(), stop: () => usmp.close() };
}

/** A facade's `send`, which says false, and later "drain", where there is no room. */
function waitingForRoom(usmp: Usmp, send: (data: Uint8Array) => boolean): (data: Uint8Array) => Promise<void> {
  const drains = new Mailbox<void>("drain of ours");
  usmp.on("drain", () => drains.put());
  return async (data) => {
    while (!send(data)) {
      expect(usmp.lastError()?.errno, usmp.lastErrorString()).to.equal(UsmpErrno.BUFFER_OVERFLOW);
      await drains.next();
    }
  };
}
