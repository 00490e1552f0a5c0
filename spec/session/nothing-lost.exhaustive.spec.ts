/** A message that `send` accepted is delivered exactly once, in order, or its loss is reported at both ends. */
import { expect } from "chai";
import type { UsmpErrorCode } from "../../lib/errors.js";
import { UsmpClient } from "../../lib/device/client.js";
import { UsmpServer } from "../../lib/gateway/server.js";
import type { UsmpSession } from "../../lib/session/session.js";
import { SeededRandom } from "../../lib/transport/random.js";
import { TcpTransport } from "../../lib/transport/tcp.js";
import { LOOPBACK } from "../support/session-echo.js";
import { SplittingProxy } from "../support/session-proxy.js";
import { TEXT_PSK } from "../support/session-network.js";
import { soon } from "../support/session-waits.js";

const MAX_LENGTH = 1_808;

/** Bytes that look random, from which every message is cut: comparing is cheap then. */
const PATTERN = ((): Buffer => {
  const random = new SeededRandom(0x9a77e2);
  return Buffer.from(Uint8Array.from({ length: 65_537 + MAX_LENGTH }, () => random.below(256)));
})();

/** A sequence of messages of random sizes. Both ends make the same one: a message tells its index, and its whole content follows. */
class Sequence {
  readonly #random: SeededRandom;
  index = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  next(): Buffer {
    const length = this.#random.below(MAX_LENGTH + 1);
    const from = (this.index * 7_919) % 65_537;
    const message = Buffer.from(PATTERN.subarray(from, from + length));
    if (length >= 4) message.writeUInt32LE(this.index);
    this.index++;
    return message;
  }
}

/** Checks what arrives against the sequence of its sender. */
class Checker {
  received = 0;
  wrong: string | null = null;
  readonly #expected: Sequence;
  readonly #until: number;
  done: Promise<void>;
  #finish: () => void = () => {};

  constructor(session: UsmpSession, seed: number, until: number) {
    this.#expected = new Sequence(seed);
    this.#until = until;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    session.on("message", (data) => this.#take(data));
  }

  #take(data: Uint8Array): void {
    const expected = this.#expected.next();
    if (this.wrong === null && !expected.equals(data)) {
      this.wrong = `message ${this.received}: ${data.length} bytes where ${expected.length} belong, or other ones`;
    }
    this.received++;
    if (this.received === this.#until || this.wrong !== null) this.#finish();
  }
}

/** Sends as `send` allows, waiting for drain; gives back how many were accepted when all are, or the session is over. */
async function sendAll(session: UsmpSession, seed: number, count: number): Promise<number> {
  const sequence = new Sequence(seed);
  let ended = false;
  const end = session.closed.then(() => (ended = true));
  for (let accepted = 0; ; accepted++) {
    if (accepted === count) return count;
    const message = sequence.next();
    while (!session.send(message)) {
      if (session.lastError?.code !== "BUFFER_FULL") return accepted;
      await Promise.race([new Promise<void>((resolve) => session.once("drain", () => resolve())), end]);
      if (ended as boolean) return accepted;
    }
    // Reading gets its turn, too.
    if (accepted % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Pair {
  readonly device: UsmpSession;
  readonly gateway: UsmpSession;
  readonly proxy: SplittingProxy;
  stop(): Promise<void>;
}

async function pairThrough(random: SeededRandom, cipher: "aes-256-gcm" | "chacha20-poly1305"): Promise<Pair> {
  const server = new UsmpServer({ psk: TEXT_PSK, cipher });
  const accepted = new Promise<UsmpSession>((resolve) => {
    server.onSession((session) => {
      // Interest from the first message on: nothing is dropped.
      session.available();
      resolve(session);
    });
  });
  const [address] = await server.listen(new TcpTransport(LOOPBACK, 0));
  const proxy = await SplittingProxy.start(random, address!.port);
  const client = new UsmpClient({ host: LOOPBACK, port: proxy.port, psk: TEXT_PSK, cipher });
  await soon(client.connect(), "connecting");
  const device = client.session!;
  device.available();
  return {
    device,
    gateway: await soon(accepted, "the gateway's session"),
    proxy,
    stop: async () => {
      await soon(client.disconnect());
      await soon(server.stop());
      proxy.stop();
    },
  };
}

describe("nothing is lost", () => {
  const SEED = 20_261_123;

  it(`100,000 messages of random sizes, 50,000 each way at the same time, through a proxy that splits at random: all arrive once, in order (seed ${SEED})`, async () => {
    const each = 50_000;
    const pair = await pairThrough(new SeededRandom(SEED), "aes-256-gcm");
    const atGateway = new Checker(pair.gateway, SEED + 1, each);
    const atDevice = new Checker(pair.device, SEED + 2, each);
    const accepted = Promise.all([sendAll(pair.device, SEED + 1, each), sendAll(pair.gateway, SEED + 2, each)]);
    await Promise.race([
      Promise.all([accepted, atGateway.done, atDevice.done]),
      pair.device.closed.then((reason) => Promise.reject(reason)),
      pair.gateway.closed.then((reason) => Promise.reject(reason)),
    ]);
    expect([atGateway.wrong, atDevice.wrong]).to.deep.equal([null, null]);
    expect([atGateway.received, atDevice.received]).to.deep.equal([each, each]);
    expect(await accepted).to.deep.equal([each, each]);
    expect(pair.proxy.pieces).to.be.greaterThan(50_000);
    await pair.stop();
    expect([atGateway.received, atDevice.received], "nothing twice, nothing behind").to.deep.equal([each, each]);
  });

  it(`the same in ChaCha20-Poly1305, with key rotations from both sides meanwhile (4,000 messages, seed ${SEED + 10})`, async () => {
    const each = 2_000;
    const pair = await pairThrough(new SeededRandom(SEED + 10), "chacha20-poly1305");
    const atGateway = new Checker(pair.gateway, SEED + 11, each);
    const atDevice = new Checker(pair.device, SEED + 12, each);
    const rekeys = Promise.all([pair.device.rekey(), pair.gateway.rekey()]);
    const accepted = Promise.all([sendAll(pair.device, SEED + 11, each), sendAll(pair.gateway, SEED + 12, each)]);
    await soon(Promise.all([accepted, rekeys, atGateway.done, atDevice.done]), "all messages");
    expect([atGateway.wrong, atDevice.wrong]).to.deep.equal([null, null]);
    await pair.stop();
  });

  it("close right after the last send: everything that was accepted arrives, then BYE", async () => {
    const pair = await pairThrough(new SeededRandom(SEED + 20), "aes-256-gcm");
    const atGateway = new Checker(pair.gateway, SEED + 21, Infinity);
    const sequence = new Sequence(SEED + 21);
    let accepted = 0;
    while (pair.device.send(sequence.next())) accepted++;
    expect(accepted).to.be.greaterThan(20);
    const closing = pair.device.close();
    expect((await soon(pair.gateway.closed)).code).to.equal("BYE");
    await soon(closing);
    expect([atGateway.received, atGateway.wrong]).to.deep.equal([accepted, null]);
    await pair.stop();
  });

  for (let round = 0; round < 12; round++) {
    const seed = SEED + 100 + round;
    it(`a connection cut at a random moment: what arrived is a prefix of what was accepted, and both ends are told (seed ${seed})`, async () => {
      const random = new SeededRandom(seed);
      const pair = await pairThrough(random, "aes-256-gcm");
      pair.proxy.cutAfterBytes = pair.proxy.bytes + random.below(2_000_000);
      const atGateway = new Checker(pair.gateway, seed + 1_000, Infinity);
      const atDevice = new Checker(pair.device, seed + 2_000, Infinity);
      const [byDevice, byGateway] = await soon(
        Promise.all([sendAll(pair.device, seed + 1_000, 1e6), sendAll(pair.gateway, seed + 2_000, 1e6)]),
        "the end of sending",
      );
      const reasons = await soon(Promise.all([pair.device.closed, pair.gateway.closed]), "both reasons");
      expect(reasons.map(({ code }) => code)).to.deep.equal(["TRANSPORT", "TRANSPORT"]);
      expect([atGateway.wrong, atDevice.wrong]).to.deep.equal([null, null]);
      expect(atGateway.received).to.be.at.most(byDevice);
      expect(atDevice.received).to.be.at.most(byGateway);
      await pair.stop();
    });
  }

  it(`a connection cut at a random moment: every sendAsync settles (seed ${SEED + 300})`, async () => {
    const random = new SeededRandom(SEED + 300);
    for (let round = 0; round < 8; round++) {
      const pair = await pairThrough(random, "aes-256-gcm");
      pair.proxy.cutAfterBytes = pair.proxy.bytes + random.below(600_000);
      const sequence = new Sequence(round);
      const sends = Array.from({ length: 8_000 }, () => pair.device.sendAsync(sequence.next()));
      const atGateway = new Checker(pair.gateway, round, Infinity);
      const results = await soon(Promise.allSettled(sends), "every send");
      const codes = results.map((result) =>
        result.status === "fulfilled" ? "sent" : (result.reason as { code: UsmpErrorCode }).code,
      );
      // The system had taken the first ones; the rest never left.
      const sent = codes.lastIndexOf("sent") + 1;
      expect(
        codes.slice(0, sent).every((code) => code === "sent"),
        `round ${round}`,
      ).to.equal(true);
      expect(
        codes.slice(sent).every((code) => code === "TRANSPORT"),
        `round ${round}`,
      ).to.equal(true);
      expect((await soon(pair.gateway.closed)).code).to.equal("TRANSPORT");
      expect([atGateway.wrong, atGateway.received < 8_000]).to.deep.equal([null, true]);
      await pair.stop();
    }
  });
});
