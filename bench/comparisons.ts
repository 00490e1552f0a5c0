/** What is compared, and what is wanted of it. The goals are those of docs/performance.md. */
import { atLeast, atMost, type Comparison, type Contestant, type Goal } from "./comparison.js";
import {
  bareEcho,
  bareUdpEcho,
  mqttToBroker,
  mqttToSubscriber,
  net,
  ours,
  python,
  sealing,
  tlsEcdhePsk,
  tlsPsk,
  type Carrier,
  type Cipher,
  type Peer,
} from "./contestants.js";
import type { Setup } from "./pair.js";
import { echo, handshakes, oneWay } from "./works.js";

/** A full frame holds 452 bytes; a message of 1808 takes four. */
const SIZES = [32, 452, 1808];

const CIPHERS: Readonly<Record<Cipher, string>> = { "aes-256-gcm": "AES", "chacha20-poly1305": "ChaCha20" };

function title(what: string, { carrier, cipher, size }: Setup): string {
  return `${what}, ${size} bytes, ${carrier.toUpperCase()}, ${CIPHERS[cipher]}`;
}

function setups(carrier: Carrier, cipher: Cipher): Setup[] {
  return SIZES.map((size) => ({ carrier, cipher, size }));
}

/** The goals of one size; the others are measured for the sake of the table. */
type GoalsBySize = Readonly<Record<number, readonly Goal[]>>;

function comparisons(
  what: string,
  unit: string,
  work: (peer: Peer, setup: Setup) => Contestant,
  carrier: Carrier,
  cipher: Cipher,
  peers: readonly Peer[],
  goals: GoalsBySize = {},
): Comparison[] {
  return setups(carrier, cipher).map((setup) => ({
    title: title(what, setup),
    unit,
    contestants: peers.filter((peer) => setup.size <= (peer.mostBytes ?? Infinity)).map((peer) => work(peer, setup)),
    goals: goals[setup.size] ?? [],
  }));
}

const ONE_WAY = ["one way", "messages/s", oneWay] as const;
const RATE = "messages/s";

const oneWays: readonly Comparison[] = [
  ...comparisons(
    ...ONE_WAY,
    "tcp",
    "aes-256-gcm",
    [ours, python, sealing, mqttToSubscriber, mqttToBroker, tlsPsk, net],
    {
      32: [
        atLeast(7, RATE, python.name),
        atLeast(0.8, RATE, sealing.name),
        ...[mqttToSubscriber, mqttToBroker].map(({ name }) => atLeast(1, RATE, name)),
      ],
      452: [atLeast(40, RATE, python.name)],
    },
  ),
  ...comparisons(...ONE_WAY, "tcp", "chacha20-poly1305", [ours, python, sealing, tlsEcdhePsk, net], {
    32: [atLeast(2, RATE, net.name)],
  }),
  ...comparisons(...ONE_WAY, "udp", "aes-256-gcm", [ours, python], { 32: [atLeast(3, RATE, python.name)] }),
  ...comparisons(...ONE_WAY, "udp", "chacha20-poly1305", [ours, python]),
];

const ECHO = ["echo", "us", echo] as const;

const echoes: readonly Comparison[] = [
  ...comparisons(...ECHO, "tcp", "aes-256-gcm", [ours, bareEcho, python, tlsPsk, net], {
    32: [atMost(1.1, "p50", bareEcho.name), atMost(0.4, "p50", python.name)],
  }),
  ...comparisons(...ECHO, "tcp", "chacha20-poly1305", [ours, bareEcho, python, tlsEcdhePsk, tlsPsk, net], {
    32: [
      atMost(1.1, "p50", bareEcho.name),
      atMost(0.4, "p50", python.name),
      atMost(1.3, "p50", tlsEcdhePsk.name),
      atMost(1.3, "p50", tlsPsk.name),
    ],
  }),
  ...comparisons(...ECHO, "udp", "aes-256-gcm", [ours, bareUdpEcho, python], {
    32: [atMost(1 / 6, "p50", python.name)],
  }),
  ...comparisons(...ECHO, "udp", "chacha20-poly1305", [ours, bareUdpEcho, python]),
];

const AES_TCP: Setup = { carrier: "tcp", cipher: "aes-256-gcm", size: 32 };

function handshakesOf(atOnce: number): Comparison {
  return {
    title: `handshakes, ${atOnce === 1 ? "one after the other" : `${atOnce} at once`}, TCP`,
    unit: "handshakes/s",
    contestants: [ours, tlsEcdhePsk, tlsPsk, python, net].map((peer) => handshakes(peer, AES_TCP, atOnce)),
    goals: [atLeast(2, "handshakes/s", tlsEcdhePsk.name)],
  };
}

const handshaking: readonly Comparison[] = [handshakesOf(1), handshakesOf(8)];

export const COMPARISONS: readonly Comparison[] = [...oneWays, ...echoes, ...handshaking];
