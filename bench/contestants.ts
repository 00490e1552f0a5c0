/** Who is compared: each the scripts of two processes that obey the same few commands (peers/sending.mjs, peers/receiving.mjs). */

export type Carrier = "tcp" | "udp";
export type Cipher = "aes-256-gcm" | "chacha20-poly1305";

/** Scripts in peers/, and what they need to know beside the setup of the comparison. */
export interface Peer {
  readonly name: string;
  /** None where nothing leaves the process. */
  readonly receiver?: string;
  readonly sender: string;
  /** Who sees when all messages of a one-way round are there. */
  readonly countedBy: "receiver" | "sender";
  readonly options?: Readonly<Record<string, unknown>>;
  /** The largest message that it is made for. */
  readonly mostBytes?: number;
  readonly isOurs?: boolean;
  readonly needsMosquitto?: boolean;
}

const PSK_AES = { suite: "PSK-AES256-GCM-SHA384", standardName: "TLS_PSK_WITH_AES_256_GCM_SHA384" };
const ECDHE_CHACHA = {
  suite: "ECDHE-PSK-CHACHA20-POLY1305",
  standardName: "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
};

export const ours: Peer = {
  name: "ours",
  receiver: "ours/receiver.mjs",
  sender: "ours/sender.mjs",
  countedBy: "receiver",
  isOurs: true,
};

export const python: Peer = {
  name: "Python SDK",
  receiver: "python/receiver.py",
  sender: "python/sender.py",
  countedBy: "receiver",
};

export const net: Peer = {
  name: "node:net",
  receiver: "net/receiver.mjs",
  sender: "net/sender.mjs",
  countedBy: "receiver",
};

/** Without forward secrecy. */
export const tlsPsk: Peer = {
  name: "TLS, PSK-AES256-GCM",
  receiver: "tls/receiver.mjs",
  sender: "tls/sender.mjs",
  countedBy: "receiver",
  options: PSK_AES,
};

export const tlsEcdhePsk: Peer = {
  ...tlsPsk,
  name: "TLS, ECDHE-PSK-CHACHA20",
  options: ECDHE_CHACHA,
};

const mqtt = { receiver: "mqtt/broker.mjs", sender: "mqtt/publisher.mjs", needsMosquitto: true };

/** Published in a loop, which MQTT.js and TLS gather into large records, until the broker has everything. */
export const mqttToBroker: Peer = {
  ...mqtt,
  name: "MQTT.js, in a loop",
  countedBy: "sender",
  options: { suite: PSK_AES.suite },
};

/** Until the subscriber behind the broker, a third process, has everything. */
export const mqttToSubscriber: Peer = {
  ...mqtt,
  name: "MQTT.js to a subscriber",
  countedBy: "receiver",
  options: { suite: PSK_AES.suite, subscribes: true },
};

/** The same AEAD calls on a plain socket, without framing or session. */
export const bareEcho: Peer = {
  name: "bare AEAD echo",
  receiver: "bare/receiver.mjs",
  sender: "bare/sender.mjs",
  countedBy: "receiver",
};

/** The same over datagrams, of which an acknowledged echo takes four. */
export const bareUdpEcho: Peer = {
  name: "bare AEAD echo",
  receiver: "bare/udp-receiver.mjs",
  sender: "bare/udp-sender.mjs",
  countedBy: "receiver",
  mostBytes: 452,
};

/** What one process can seal, sending nothing. */
export const sealing: Peer = { name: "AEAD alone", sender: "bare/sealer.mjs", countedBy: "sender" };
