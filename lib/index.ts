import type { Subscribable as Emits } from "./session/emitter.js";

export { Usmp, type BeginOptions, type UsmpOptions, type UsmpState } from "./usmp.js";
export { UsmpClient, type ClientEvents, type ConnectOptions, type UsmpClientOptions } from "./device/client.js";
export {
  UsmpServer,
  type ListeningAddress,
  type ServerEvents,
  type StopOptions,
  type UsmpServerOptions,
} from "./gateway/server.js";
export {
  KeyFile,
  type KeyFileDevice,
  type KeyFileEvents,
  type KeyFileOptions,
  type KeyFileReload,
} from "./gateway/keys/key-file.js";
export { type SessionEvents, UsmpSession } from "./session/session.js";

export { isUsmpError, USMP_ERROR_CODES, UsmpErrno, UsmpError, type UsmpErrorCode } from "./errors.js";

export type { DeviceSettings } from "./device/dial.js";
export type { DeviceIdOption } from "./device/identity.js";
export type { OfflineQueueOptions, OverflowPolicy } from "./device/offline-queue.js";
export type { BackoffOptions, DelayFunction } from "./device/reconnect-machine.js";
export type { GatewaySettings } from "./gateway/accept.js";
export type { GatewayLimits } from "./gateway/admission/limits.js";
export type { UsmpEvents } from "./session/facade-events.js";
export type { LogFields, Logger, Metrics } from "./session/event-log.js";
export type { ReceiveOptions } from "./session/inbox.js";
export type { Sendable } from "./session/message.js";
export type { AbortOptions, CloseOptions, Given, PingOptions, SessionSettings } from "./session/options.js";
export type { PskEntry, PskFunction, PskSource, PskStore, PskTable } from "./session/psk-source.js";
export type { ServerStats, SessionStats, UsmpStats } from "./session/stats.js";
export type { UsmpStatus } from "./session/status.js";
export type { Psk } from "./core/handshake/psk.js";

export { TcpTransport, type TcpOptions } from "./transport/tcp.js";
export { UdpTransport, type UdpOptions } from "./transport/udp.js";
export type {
  Acceptor,
  AnyAcceptor,
  DatagramAcceptor,
  DatagramHandlers,
  DatagramPeer,
  Dialer,
  DialOptions,
  Link,
  LinkHandlers,
  Listener as TransportListener,
  ListenHandlers,
} from "./transport/transport.js";

export type { Aead, CipherName, CryptoProvider, KeyPair } from "./core/crypto-provider.js";
export type { Clock, Timer } from "./core/clock.js";

/** What every class here that emits events is. A type: there is no such value to import. */
export type Subscribable<Events extends { [Name in keyof Events]: unknown[] }> = Emits<Events>;
