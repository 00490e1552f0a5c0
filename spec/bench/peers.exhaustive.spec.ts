/** The contenders that need nothing but Node do what is measured: with the library's source instead of a build. */
import { extname } from "node:path";
import { expect } from "chai";

import { COMPARISONS, CONTENDERS, against, type Contender, type Setup } from "../../bench/comparisons.js";
import { Pair } from "../../bench/pair.js";

const EXTENSION = extname(import.meta.url);
const source = (file: string): string => new URL(`../../lib/${file}${EXTENSION}`, import.meta.url).href;
const OPTIONS = { nodeOptions: EXTENSION === ".ts" ? ["--import", "tsx"] : [], crypto: source("crypto/index") };
const SETUP: Setup = { carrier: "tcp", cipher: "chacha20-poly1305", size: 1_808 };

async function withPair(contender: Contender, setup: Setup, use: (pair: Pair) => Promise<void>): Promise<void> {
  const given = contender.library === undefined ? contender : { ...contender, library: source("index") };
  const pair = await Pair.start(given, setup, OPTIONS);
  try {
    await use(pair);
  } finally {
    await pair.stop();
  }
}

describe("A contender of the bench", () => {
  for (const contender of CONTENDERS.filter(({ script }) => script !== "python")) {
    it(`counts messages, sends them back, closes sessions and tells what it uses: ${contender.name}`, async () => {
      await withPair(contender, SETUP, async (pair) => {
        expect(await pair.handshakes(10, 3)).to.be.above(0);
        await pair.connect(3);
        expect(await pair.oneWay(300)).to.be.above(0);
        expect(await pair.echo(5)).to.have.length(5);
        const { rss, held } = await pair.memory();
        expect(rss).to.be.above(held);
        expect(held).to.be.above(0);
        expect(await pair.cpu()).to.be.above(0);
      });
    });
  }

  for (const contender of CONTENDERS.filter(({ script }) => ["usmp.mjs", "bare.mjs"].includes(script))) {
    it(`sends datagrams back: ${contender.name}`, async () => {
      await withPair(contender, { carrier: "udp", cipher: "aes-256-gcm", size: 32 }, async (pair) => {
        await pair.connect(1);
        expect(await pair.echo(20)).to.have.length(20);
      });
    });
  }

  it("tells why it cannot start", async () => {
    const start = Pair.start({ name: "nobody", script: "nobody.mjs" }, SETUP, OPTIONS);
    const failure = await start.catch((error: unknown) => error);
    expect(failure).to.be.an("error").with.property("message").that.includes("nobody.mjs");
  });

  it("is first where it is this library, and takes part once", () => {
    for (const { title, contenders } of COMPARISONS) {
      expect(contenders[0]?.name, title).to.equal("usmp");
      expect(new Set(contenders).size, title).to.equal(contenders.length);
    }
    expect(new Set(COMPARISONS.map(({ title }) => title)).size).to.equal(COMPARISONS.length);
  });

  it("is this build or the other one if two builds are compared", () => {
    const [first] = against("/elsewhere/dist", COMPARISONS);
    expect(first?.contenders.map(({ name }) => name)).to.eql(["usmp", "other build"]);
    expect(first?.contenders[1]?.library).to.match(/^file:.*elsewhere\/dist\/index\.js$/);
  });
});
