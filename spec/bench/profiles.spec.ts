import { expect } from "chai";

import { describeTimes, timesByKind } from "../../bench/profiles.js";

describe("The bench's profiles", () => {
  it("add up the time of each kind of function, and show its share of the work", () => {
    const functions = [
      ["(idle)", ""],
      ["seal", "file:///a/dist/shared-CT.js"],
      ["createCipherBase", "node:internal/crypto/cipher"],
      ["wasm-function[61]", "wasm://wasm/000d89ce"],
      ["writeBuffer", ""],
      ["doSend", "node:dgram"],
      ["echo", "file:///a/bench/peers/sender.mjs"],
      ["compileForInternalLoader", "node:internal/bootstrap/realm"],
      ["(garbage collector)", ""],
      ["processTicksAndRejections", "node:internal/process/task_queues"],
    ] as const;
    const nodes = functions.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } }));
    const samples = [...nodes.map(({ id }) => id), 1];
    const times = timesByKind({ nodes, samples, timeDeltas: samples.map(() => 1_000) });
    expect(Object.fromEntries(times)).to.eql({
      waiting: 1_000,
      "this library": 2_000,
      cryptography: 2_000,
      sockets: 2_000,
      "the bench": 1_000,
      "start of the process": 1_000,
      "garbage collector": 1_000,
      "the rest of Node": 1_000,
    });
    expect(describeTimes(times)).to.match(/^ {2}a process at work for 10 ms: this library 20 %, /);
    expect(describeTimes(times)).to.not.include("waiting");
  });
});
