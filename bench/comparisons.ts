/** What is compared, and what is wanted of it. The goals are those of docs/performance.md. */
import {
  atLeast,
  atMost,
  atMostItself,
  atMostMore,
  type Comparison,
  type Contestant,
  type Goal,
} from "./comparison.js";
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
import type { Cores } from "./cores.js";
import type { Setup } from "./pair.js";
import { program } from "./startup.js";
import { echo, handshakes, idling, memory, oneWay } from "./works.js";

/** A full frame holds 452 bytes; a message of 1808 takes four. */
const SIZES = [32, 452, 1808];

/** More rounds where there is a goal, and where they are short. */
const GOAL_ROUNDS = 9;
const START_ROUNDS = 21;

const BARE_NODE = "bare Node";

const CIPHERS: Readonly<Record<Cipher, string>> = { "aes-256-gcm": "AES", "chacha20-poly1305": "ChaCha20" };

function title(what: string, { carrier, cipher, size }: Setup): string {
  return `${what}, ${size} bytes, ${carrier.toUpperCase()}, ${CIPHERS[cipher]}`;
}

/** The goals of one size; the others are measured for the sake of the table. */
type GoalsBySize = Readonly<Record<number, readonly Goal[]>>;

interface What {
  readonly title: string;
  readonly cores?: Cores;
}

function comparisons(
  what: What,
  unit: string,
  work: (peer: Peer, setup: Setup) => Contestant,
  carrier: Carrier,
  cipher: Cipher,
  peers: readonly Peer[],
  goals: GoalsBySize = {},
): Comparison[] {
  return SIZES.map((size): Setup => ({ carrier, cipher, size, ...(what.cores && { cores: what.cores }) })).map(
    (setup) => ({
      title: title(what.title, setup),
      unit,
      contestants: peers.filter((peer) => setup.size <= (peer.mostBytes ?? Infinity)).map((peer) => work(peer, setup)),
      goals: goals[setup.size] ?? [],
    }),
  );
}

const RATE = "messages/s";
const ONE_WAY = [{ title: "one way" }, RATE, oneWay] as const;

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

const ECHO = ["us", echo] as const;
const APART = { title: "echo, a core each", cores: "apart" } as const;
const TOGETHER = { title: "echo, on one core", cores: "together" } as const;

const ECHO_GOALS = [atMost(1.1, "p50", bareEcho.name), atMost(0.4, "p50", python.name)];
const TLS_GOALS = [tlsEcdhePsk, tlsPsk].map(({ name }) => atMost(1.3, "p50", name));
const UDP_ECHO_GOALS = [atMost(1 / 6, "p50", python.name)];

const TCP_ECHOERS = [ours, bareEcho, python, tlsEcdhePsk, tlsPsk, net];
const UDP_ECHOERS = [ours, bareUdpEcho, python];

const echoes: readonly Comparison[] = [
  ...comparisons(APART, ...ECHO, "tcp", "aes-256-gcm", TCP_ECHOERS, { 32: ECHO_GOALS }),
  ...comparisons(APART, ...ECHO, "tcp", "chacha20-poly1305", TCP_ECHOERS, { 32: [...ECHO_GOALS, ...TLS_GOALS] }),
  ...comparisons(APART, ...ECHO, "udp", "aes-256-gcm", UDP_ECHOERS, { 32: UDP_ECHO_GOALS }),
  ...comparisons(APART, ...ECHO, "udp", "chacha20-poly1305", UDP_ECHOERS),
  ...comparisons(TOGETHER, ...ECHO, "tcp", "aes-256-gcm", TCP_ECHOERS).slice(0, 1),
  ...comparisons(TOGETHER, ...ECHO, "tcp", "chacha20-poly1305", TCP_ECHOERS).slice(0, 1),
  ...comparisons(TOGETHER, ...ECHO, "udp", "aes-256-gcm", UDP_ECHOERS).slice(0, 1),
];

const AES_TCP: Setup = { carrier: "tcp", cipher: "aes-256-gcm", size: 32 };
const AES_UDP: Setup = { ...AES_TCP, carrier: "udp" };
const CHACHA_TCP: Setup = { ...AES_TCP, cipher: "chacha20-poly1305" };

function handshakesOf(carrier: Carrier, atOnce: number, peers: readonly Peer[], goals: readonly Goal[]): Comparison {
  return {
    title: `handshakes, ${atOnce === 1 ? "one after the other" : `${atOnce} at once`}, ${carrier.toUpperCase()}`,
    unit: "handshakes/s",
    contestants: peers.map((peer) => handshakes(peer, { ...AES_TCP, carrier }, atOnce)),
    goals,
    rounds: GOAL_ROUNDS,
  };
}

const SHAKERS = [ours, tlsEcdhePsk, tlsPsk, python, net];
const TWICE_TLS = [atLeast(2, "handshakes/s", tlsEcdhePsk.name)];

/** Over UDP the Python SDK admits five a second: there is nobody to compare with. */
const handshaking: readonly Comparison[] = [
  handshakesOf("tcp", 1, SHAKERS, TWICE_TLS),
  handshakesOf("tcp", 8, SHAKERS, TWICE_TLS),
  handshakesOf("udp", 1, [ours], []),
  handshakesOf("udp", 8, [ours], []),
];

const MANY = 1_000;

function sessionsOf(setup: Setup, goals: readonly Goal[]): Comparison {
  const of = (sessions: number): Contestant => oneWay(ours, setup, { name: sessionsName(sessions), sessions });
  return {
    title: title("one way over many sessions", setup),
    unit: RATE,
    contestants: [MANY, 1, 100].map(of),
    goals,
    rounds: GOAL_ROUNDS,
  };
}

function sessionsName(sessions: number): string {
  return sessions === 1 ? "1 session" : `${sessions.toLocaleString("en")} sessions`;
}

const EIGHTY_PERCENT = [atLeast(0.8, RATE, sessionsName(1))];

const sessions: readonly Comparison[] = [
  sessionsOf(AES_TCP, EIGHTY_PERCENT),
  sessionsOf(CHACHA_TCP, EIGHTY_PERCENT),
  sessionsOf(AES_UDP, EIGHTY_PERCENT),
  {
    title: title("one way, a message on each of 1,000 in turn", AES_TCP),
    unit: RATE,
    contestants: [ours, net, tlsPsk].map((peer) => oneWay(peer, AES_TCP, { sessions: MANY, inTurns: true })),
    goals: [],
  },
];

function memoryOf(setup: Setup, peers: readonly Peer[]): Comparison {
  return {
    title: `memory of an idle gateway session, ${setup.carrier.toUpperCase()}`,
    unit: "KiB",
    contestants: peers.map((peer) => memory(peer, setup, MANY)),
    goals: [atMostItself(14, "heap and buffers"), atMostItself(14, "RSS")],
    freshEachRound: true,
  };
}

/** Beside a process with an idle socket. A thousandth of a core; reading the clock takes some of it. */
function idlingOf(setup: Setup): Comparison {
  return {
    title: `processor time of an idle process with one session, ${setup.carrier.toUpperCase()}`,
    unit: "us/s",
    contestants: [ours, net].map((peer) => idling(peer, setup)),
    goals: [atMostMore(1_000, "device", net.name), atMostMore(1_000, "gateway", net.name)],
    atOnce: true,
  };
}

const processes: readonly Comparison[] = [
  memoryOf(AES_TCP, [ours, net, tlsPsk, python]),
  memoryOf(AES_UDP, [ours]),
  idlingOf(AES_TCP),
  idlingOf(AES_UDP),
  {
    title: "start of a device facade",
    unit: "ms",
    contestants: [program("ours", "peers/startup/facade.mjs"), program(BARE_NODE, "peers/startup/bare.mjs")],
    goals: [atMostMore(70, "ms", BARE_NODE)],
    rounds: START_ROUNDS,
  },
  {
    title: "usmp --help",
    unit: "ms",
    contestants: [program("ours", "../dist/cli.js", "--help"), program(BARE_NODE, "peers/startup/bare.mjs")],
    goals: [atMostMore(60, "ms", BARE_NODE)],
    rounds: START_ROUNDS,
  },
];

export const COMPARISONS: readonly Comparison[] = [...oneWays, ...echoes, ...handshaking, ...sessions, ...processes];
