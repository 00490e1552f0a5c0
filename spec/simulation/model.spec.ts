/**
 * Two real ends and a hostile network against a small model of what USMP promises, by random commands. fast-check prints the
 * commands of the smallest run that fails; all of it runs again as
 *
 *     SEED=1234 npm run test:simulation
 */
import fc from "fast-check";
import { DatagramReal, datagramSteps, newDatagramModel } from "./model-datagrams.js";
import { newStreamModel, StreamReal, streamSteps } from "./model-stream.js";

const seed = Number(process.env["SEED"] ?? 2_024);
const RUNS = 300;
const options = { maxCommands: 80, size: "max" } as const;

describe(`model runs with seed ${seed}`, function () {
  this.timeout(120_000);

  it("keep every promise over datagrams, whatever the network does", () => {
    const property = fc.property(fc.commands(datagramSteps, options), (commands) => {
      const model = newDatagramModel();
      const real = new DatagramReal();
      fc.modelRun(() => ({ model, real }), commands);
      real.finish(model);
    });
    fc.assert(property, { seed, numRuns: RUNS });
  });

  it("keep every promise over a stream, whatever is done to it", () => {
    const property = fc.property(fc.commands(streamSteps, options), (commands) => {
      const model = newStreamModel();
      const real = new StreamReal();
      fc.modelRun(() => ({ model, real }), commands);
      real.finish(model);
    });
    fc.assert(property, { seed, numRuns: RUNS });
  });
});
