/** The contestants that need nothing but Node: that they do what is measured. */
import { expect } from "chai";

import {
  bareEcho,
  bareUdpEcho,
  net,
  sealing,
  tlsEcdhePsk,
  tlsPsk,
  type Cipher,
  type Peer,
} from "../../bench/contestants.js";
import { Pair, type Setup } from "../../bench/pair.js";

const CIPHERS: readonly Cipher[] = ["aes-256-gcm", "chacha20-poly1305"];

async function withPair(peer: Peer, setup: Partial<Setup>, use: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = await Pair.start(peer, { carrier: "tcp", cipher: "aes-256-gcm", size: 32, ...setup });
  try {
    await use(pair);
  } finally {
    await pair.stop();
  }
}

describe("A contestant of the bench", () => {
  for (const peer of [net, tlsPsk, tlsEcdhePsk]) {
    it(`counts messages, sends them back, shakes hands and tells what it uses: ${peer.name}`, async () => {
      await withPair(peer, {}, async (pair) => {
        expect(await pair.handshakes(10, 3)).to.be.above(0);
        await pair.connect(3);
        expect(await pair.oneWay(3_000)).to.be.above(0);
        expect(await pair.oneWay(3_000, true)).to.be.above(0);
        expect(await pair.echo(5)).to.have.length(5);
        const { rss, held } = await pair.memory();
        expect(rss).to.be.above(held);
        expect(held).to.be.above(0);
        expect((await pair.processorTime()).receiver).to.be.above(0);
      });
    });
  }

  for (const cipher of CIPHERS) {
    it(`sends back messages of every size, opened and sealed: ${bareEcho.name}, ${cipher}`, async () => {
      for (const size of [32, 452, 1808]) {
        await withPair(bareEcho, { cipher, size }, async (pair) => {
          await pair.connect(1);
          expect(await pair.echo(20)).to.have.length(20);
        });
      }
    });

    it(`sends back a datagram, opened and sealed: ${bareUdpEcho.name}, ${cipher}`, async () => {
      await withPair(bareUdpEcho, { cipher, carrier: "udp" }, async (pair) => {
        await pair.connect(1);
        expect(await pair.echo(20)).to.have.length(20);
      });
    });

    it(`seals by itself: ${sealing.name}, ${cipher}`, async () => {
      await withPair(sealing, { cipher, size: 1808 }, async (pair) => {
        await pair.connect(1);
        expect(await pair.oneWay(100)).to.be.above(0);
      });
    });
  }

  it("tells why it cannot start", async () => {
    const broken: Peer = { ...net, sender: "net/nowhere.mjs" };
    const failure = await withPair(broken, {}, async () => {}).catch((error: unknown) => error);
    expect(failure).to.be.an("error").with.property("message").that.includes("nowhere.mjs");
  });
});
