/**
 * Sessions over datagrams on bad networks, 10,000 of them, each drawn from its seed. A failing one is named; alone it runs as
 *
 *     SEED=1234 npm run test:simulation
 */
import { expect } from "chai";
import { runScenario, type Outcome } from "./datagram-scenario.js";

const BATCHES = 10;
const BATCH_LENGTH = 1_000;
const only = process.env["SEED"];

async function run(seed: number): Promise<Outcome> {
  try {
    return await runScenario(seed);
  } catch (cause) {
    throw new Error(`seed ${seed} fails; replay it alone with SEED=${seed} npm run test:simulation: ${String(cause)}`, {
      cause,
    });
  }
}

describe("simulated sessions over datagrams", function () {
  this.timeout(60_000);

  if (only !== undefined) {
    it(`hold what they promise with seed ${only}`, async () => {
      console.log(await run(Number(only)));
    });
    return;
  }

  const outcomes: Outcome[] = [];
  const total = (count: (outcome: Outcome) => number | boolean): number =>
    outcomes.reduce((sum, outcome) => sum + Number(count(outcome)), 0);

  for (let batch = 0; batch < BATCHES; batch++) {
    const first = batch * BATCH_LENGTH;
    it(`hold what they promise with seeds ${first} to ${first + BATCH_LENGTH - 1}`, async () => {
      for (let seed = first; seed < first + BATCH_LENGTH; seed++) outcomes.push(await run(seed));
    });
  }

  it("met everything: sessions that never came about, that were lost and that lived, resent frames, rotated keys", () => {
    expect(outcomes).to.have.lengthOf(BATCHES * BATCH_LENGTH);
    expect(total(({ established }) => !established)).to.be.greaterThan(100);
    expect(total(({ established, survived }) => established && !survived)).to.be.greaterThan(500);
    expect(total(({ survived }) => survived)).to.be.greaterThan(5_000);
    expect(total(({ delivered }) => delivered)).to.be.greaterThan(100_000);
    expect(total(({ reported }) => reported)).to.be.greaterThan(5_000);
    expect(total(({ rekeyed }) => rekeyed)).to.be.greaterThan(10_000);
    expect(total(({ retransmissions }) => retransmissions)).to.be.greaterThan(100_000);
  });
});
