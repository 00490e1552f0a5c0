import { expect } from "chai";

import { byKind, selfTimes, tellProfile } from "../../bench/profiles.js";

const node = (
  id: number,
  functionName: string,
  url = "",
): { id: number; callFrame: { functionName: string; url: string } } => ({
  id,
  callFrame: { functionName, url },
});

const PROFILE = {
  nodes: [
    node(1, "(idle)"),
    node(2, "seal", "file:///a/dist/shared-CT.js"),
    node(3, "seal", "file:///a/dist/shared-CT.js"),
    node(4, "", "node:net"),
  ],
  samples: [2, 1, 3, 4],
  timeDeltas: [10, 1_000, 20, 10],
};

describe("The bench's profiles", () => {
  it("add up the samples of a function, wherever it was called from", () => {
    expect([...selfTimes(PROFILE)]).to.eql([
      ["seal  dist/shared-CT.js", 30],
      ["(idle)", 1_000],
      ["(anonymous)  node:net", 10],
    ]);
  });

  it("show the shares of the time at work, the largest first", () => {
    const [head, first, second, ...rest] = tellProfile("a.cpuprofile", PROFILE).split("\n");
    expect(head).to.equal("a.cpuprofile, 0 ms at work: this library 75 %, sockets and streams 25 %");
    expect(first).to.match(/75\.0 % {2}seal/);
    expect(second).to.match(/25\.0 % {2}\(anonymous\)/);
    expect(rest).to.eql([]);
  });

  it("tell what the functions belong to", () => {
    const names = {
      "createCipherBase  node:internal/crypto/cipher": "node:crypto",
      "Q  libsodium-wrappers.mjs": "libsodium",
      "wasm-function[61]  000d89ce": "libsodium",
      writeBuffer: "sockets and streams",
      "doSend  node:dgram": "sockets and streams",
      "seal  dist/shared-CT.js": "this library",
      "compileForInternalLoader  node:internal/bootstrap/realm": "start of the process",
      "(garbage collector)": "garbage collector",
      "processTicksAndRejections  node:internal/process/task_queues": "the rest of Node",
      "(program)": "the rest of Node",
      "pushAll  sending.mjs": "the script of the bench",
    };
    for (const [name, kind] of Object.entries(names))
      expect([...byKind(new Map([[name, 1]])).keys()], name).to.eql([kind]);
  });
});
