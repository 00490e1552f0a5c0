import { expect } from "chai";
import { readFileSync } from "node:fs";
import { DEFAULT_GATEWAY_SETTINGS } from "../../lib/gateway/accept.js";
import { LIMIT_NAMES } from "../../lib/gateway/admission/limits.js";

const DOCUMENT = readFileSync(new URL("../../docs/gateway.md", import.meta.url), "utf8");
/** Compiled or not, as this spec itself is. */
const EXTENSION = import.meta.url.slice(-2);
const SOURCES = ["gateway/session-acceptor", "gateway/server", "session/status", "session/facade-events"]
  .map((name) => `${name}.${EXTENSION}`)
  .map((file) => readFileSync(new URL(`../../lib/${file}`, import.meta.url), "utf8"))
  .join("\n");

/** Option and default of each row of the table. */
const ROWS = new Map(
  [...DOCUMENT.matchAll(/^\| `(\w+)` +\| ([\d,]+) +\| \S/gm)].map(([, name, value]) => [
    name as string,
    Number((value as string).replaceAll(",", "")),
  ]),
);

describe("docs/gateway.md", () => {
  it("gives the default of each limit, and a reason", () => {
    const settings: Readonly<Record<string, unknown>> = DEFAULT_GATEWAY_SETTINGS;
    for (const [name, value] of ROWS) expect(value, name).to.equal(settings[name]);
    expect([...ROWS.keys()]).to.include.members([...LIMIT_NAMES]);
    expect([...ROWS.keys()]).to.include.members(["handshakeTimeoutMs", "udpHandshakeTimeoutMs", "sessionTimeoutMs"]);
  });

  it("lists each event that a gateway logs", () => {
    const logged = [...SOURCES.matchAll(/"((?:gateway|session|handshake|device|lookup|handler|listener)\.\w+)"/g)];
    const names = new Set(logged.map(([, name]) => name as string));
    expect(names.size).to.be.greaterThan(6);
    for (const name of names) expect(DOCUMENT, name).to.include(`\`${name}\``);
  });
});
