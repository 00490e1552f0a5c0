/** adversarial-cases.md, case 74: what was wiped is gone from the memory of the process. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { CIPHERS } from "../../lib/session/options.js";
import { KeyHolder, type Kind } from "../support/key-holder.js";

const NOWHERE = { firstHalf: 0, secondHalf: 0 };
const ONCE = { firstHalf: 1, secondHalf: 1 };
const KINDS: readonly Kind[] = ["tcp", "udp"];
/** A copy that each session left would be one too many after the second. */
const SESSIONS = 3;

async function expectForgotten(holder: KeyHolder, kind: Kind): Promise<void> {
  const before = new Set(await holder.maskedKeys());
  await holder.begin(kind);
  for (let session = 1; session < SESSIONS; session++) await holder.reconnect();
  const old = await holder.maskedKeys();
  expect(old.length - before.size, "keys of its sessions").to.be.at.least(3 * SESSIONS);

  await holder.rekey();
  const all = await holder.maskedKeys();
  const present = all.filter((key) => !old.includes(key));
  const rekeyed = holder.search([...old, ...present]);
  expect(rekeyed.psk, "the PSK in a session").to.deep.equal(ONCE);
  expect(rekeyed.keys.slice(0, old.length), "what was before the rekey").to.deep.equal(old.map(() => NOWHERE));
  // Also: the search finds what is there.
  for (const found of rekeyed.keys.slice(old.length)) expect(found.firstHalf, "a key in use").to.be.at.least(1);
  expect(present, "the new keys").to.have.lengthOf(2);

  await holder.close();
  const closed = holder.search(all);
  expect(closed.psk, "the PSK after close(), for the next begin()").to.deep.equal(ONCE);
  expect(closed.keys, "keys after close()").to.deep.equal(all.map(() => NOWHERE));
}

describe("adversarial: memory", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  for (const role of ["device", "gateway"] as const) {
    for (const cipher of CIPHERS) {
      it(`case 74: no key is left of a ${role}'s sessions, nor of before a rekey, with ${cipher}`, async () => {
        const holder = new KeyHolder(role, cipher);
        try {
          await holder.givePsk();
          for (const kind of KINDS) await expectForgotten(holder, kind);
        } finally {
          await holder.end();
        }
      });
    }
  }

  it("case 74: a gateway has each key of a key file once, whoever has connected", async () => {
    const folder = await mkdtemp(join(tmpdir(), "usmp-memory-"));
    const holder = new KeyHolder("gateway", "aes-256-gcm");
    try {
      const path = join(folder, "devices.json");
      await writeFile(path, holder.keyFile, { mode: 0o600 });
      await holder.giveKeyFile(path);
      await expectForgotten(holder, "tcp");
    } finally {
      await holder.end();
      await rm(folder, { recursive: true });
    }
  });
});
