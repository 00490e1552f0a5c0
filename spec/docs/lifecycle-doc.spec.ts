import { expect } from "chai";
import { readFileSync } from "node:fs";
import { DEFAULT_BACKOFF, step, type LifeInput, type ReconnectState } from "../../lib/device/reconnect-machine.js";
import { UsmpError } from "../../lib/errors.js";
import { Usmp } from "../../lib/usmp.js";

const error = new UsmpError("TRANSPORT", "for this spec");
const running = { attempt: 1, failures: 0, sessions: 0 };

const STATES: Record<ReconnectState["name"], ReconnectState> = {
  idle: { name: "idle" },
  opening: { name: "opening", ...running },
  handshaking: { name: "handshaking", ...running },
  established: { name: "established", ...running, since: 0 },
  backoff: { name: "backoff", ...running, retryAt: 0, delayMs: 0, error },
  closed: { name: "closed", attempt: 1, error },
};

/** By the table's headings. */
const INPUTS: Record<string, LifeInput> = {
  begin: { type: "begin" },
  reconnect: { type: "reconnect" },
  close: { type: "close", error },
  "link open": { type: "linkOpen", attempt: 1 },
  established: { type: "established", attempt: 1 },
  failed: { type: "failed", attempt: 1, error },
  lost: { type: "lost", attempt: 1, error },
  timer: { type: "timer", attempt: 1 },
};

describe("docs/lifecycle.md", () => {
  it("names each method of Usmp once, by its role", () => {
    const page = readFileSync("docs/lifecycle.md", "utf8");
    const rows = page.slice(page.indexOf("## Two roles")).matchAll(/^\| (?:device|gateway|both) .*$/gm);
    const named = [...rows].flatMap(([row]) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    const methods = Object.getOwnPropertyNames(Usmp.prototype).filter((name) => name !== "constructor");
    expect(named.sort()).to.deep.equal(methods.sort());
  });

  const [firstSection] = readFileSync("docs/lifecycle.md", "utf8").split("\n## ");
  const rows = firstSection!
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
  const [headings, , ...body] = rows;

  it("has every state and every input in its table", () => {
    expect(body.map(([state]) => state)).to.deep.equal(Object.keys(STATES));
    expect(headings).to.deep.equal(["state", ...Object.keys(INPUTS)]);
    const types = Object.values(INPUTS).map(({ type }) => type);
    expect(new Set(types).size).to.equal(types.length);
  });

  for (const [name, state] of Object.entries(STATES)) {
    it(`says what the machine does in ${name}`, () => {
      const [, ...cells] = body.find(([of]) => of === name)!;
      const found = Object.values(INPUTS).map((input) => {
        const next = step(state, input, 0, 0.5, DEFAULT_BACKOFF);
        return next.state === state && next.effects.length === 0 ? "·" : next.state.name;
      });
      expect(cells).to.deep.equal(found);
    });
  }
});
