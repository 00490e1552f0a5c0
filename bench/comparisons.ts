/** What is compared, and who takes part. */
import { pathToFileURL } from "node:url";

import { echo, handshakes, memory, oneWay, type Work } from "./works.js";

export interface Setup {
  readonly carrier: "tcp" | "udp";
  readonly cipher: "aes-256-gcm" | "chacha20-poly1305";
  /** Bytes of a message. */
  readonly size: number;
}

/** A module in peers/ that sender.mjs and receiver.mjs load, or the Python SDK's two scripts. */
export interface Contender {
  readonly name: string;
  readonly script: string;
  /** The build to load, for `usmp.mjs`. */
  readonly library?: string;
}

export interface Comparison {
  readonly title: string;
  readonly setup: Setup;
  readonly work: Work;
  /** The first one is divided by each of the others. */
  readonly contenders: readonly Contender[];
}

const usmp: Contender = { name: "usmp", script: "usmp.mjs", library: urlOf("dist") };
const bare: Contender = { name: "bare AEAD", script: "bare.mjs" };
const net: Contender = { name: "node:net", script: "net.mjs" };
const tls: Contender = { name: "node:tls, PSK", script: "tls.mjs" };
const python: Contender = { name: "Python SDK", script: "python" };

/** In the order of the document's columns. */
export const CONTENDERS: readonly Contender[] = [usmp, bare, net, tls, python];

const ON_NODE = [usmp, bare, net, tls];
const SESSIONS = [usmp, net, tls, python];

const AES: Setup = { carrier: "tcp", cipher: "aes-256-gcm", size: 32 };
const CHACHA: Setup = { ...AES, cipher: "chacha20-poly1305" };
const AES_UDP: Setup = { ...AES, carrier: "udp" };

function comparison(what: string, work: Work, setup: Setup, contenders: readonly Contender[]): Comparison {
  const cipher = setup.cipher === "aes-256-gcm" ? "AES" : "ChaCha20";
  return { title: `${what}, ${setup.carrier.toUpperCase()}, ${cipher}`, work, setup, contenders };
}

const MANY = 1_000;
/** More than a frame holds: four frames. */
const LARGE = 1_808;

export const COMPARISONS: readonly Comparison[] = [
  comparison("one way, 32 bytes", oneWay(1), AES, CONTENDERS),
  comparison("one way, 1,808 bytes", oneWay(1), { ...AES, size: LARGE }, CONTENDERS),
  comparison("one way, 32 bytes", oneWay(1), CHACHA, ON_NODE),
  comparison("one way, 32 bytes", oneWay(1), AES_UDP, [usmp, python]),
  comparison("one way over 1,000 sessions, 32 bytes", oneWay(MANY), AES, [usmp, net, tls]),
  comparison("echo, 32 bytes", echo, AES, CONTENDERS),
  comparison("echo, 32 bytes", echo, CHACHA, ON_NODE),
  comparison("echo, 32 bytes", echo, AES_UDP, [usmp, bare, python]),
  comparison("handshakes, one after the other", handshakes(1), AES, SESSIONS),
  comparison("handshakes, one after the other", handshakes(1), CHACHA, [usmp, tls]),
  comparison("handshakes, 8 at once", handshakes(8), CHACHA, [usmp, tls]),
  // The Python SDK admits five a second.
  comparison("handshakes, one after the other", handshakes(1), AES_UDP, [usmp]),
  comparison("memory of an idle session", memory(MANY), AES, SESSIONS),
  comparison("memory of an idle session", memory(MANY), AES_UDP, [usmp]),
];

/** This build beside another one: only what this library takes part in, and nobody else. `dist` is the other build's folder. */
export function against(dist: string, comparisons: readonly Comparison[]): Comparison[] {
  const other: Contender = { ...usmp, name: "other build", library: urlOf(dist) };
  return comparisons.map((each) => ({ ...each, contenders: [usmp, other] }));
}

function urlOf(dist: string): string {
  return new URL("index.js", `${pathToFileURL(dist).href}/`).href;
}
