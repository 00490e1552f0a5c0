import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { inspect } from "node:util";
import sinon from "sinon";
import { isUsmpError, type UsmpError } from "../../../lib/errors.js";
import { KeyFile, type KeyFileOptions, type KeyFileReload } from "../../../lib/gateway/keys/key-file.js";
import { createKeyLookup } from "../../../lib/session/psk-source.js";
import { VirtualClock } from "../../../lib/testing/virtual-clock.js";
import { Transcript, until } from "../../cli/terminal.js";
import { utf8 } from "../../support/core-bytes.js";

const PUMP = { id: "24:0a:c4:01:02:03", name: "pump", key: "key-of-the-pump-1" };
const LAMP = { id: "24:0a:c4:01:02:04", key: "key-of-the-lamp-1" };
const POLL_MS = 1_000;

describe("KeyFile", () => {
  let folder: string;
  let file: string;
  let clock: VirtualClock;
  let keys: KeyFile | null;
  let reloads: KeyFileReload[];
  let errors: UsmpError[];
  let warnings: string[];
  let revoked: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    file = join(folder, "devices.json");
    clock = new VirtualClock();
    keys = null;
    [reloads, errors, warnings, revoked] = [[], [], [], []];
  });

  afterEach(async () => {
    await keys?.close();
    rmSync(folder, { recursive: true });
  });

  function write(...devices: readonly object[]): void {
    writeText(JSON.stringify({ devices }, null, 2));
  }

  function writeText(text: string): void {
    writeFileSync(file, text, { mode: 0o600 });
  }

  async function open(options: KeyFileOptions = {}): Promise<KeyFile> {
    keys = await KeyFile.open(file, {
      clock,
      onReload: (reload) => reloads.push(reload),
      onError: (error) => errors.push(error),
      onWarning: (text) => warnings.push(text),
      ...options,
    });
    keys.onRevoked((deviceId) => revoked.push(deviceId));
    return keys;
  }

  /** Lets the file be looked at once. */
  async function poll(ms = POLL_MS): Promise<void> {
    await clock.advance(ms);
    await until(() => clock.pending === 1);
  }

  async function refusal(): Promise<string> {
    const error = await KeyFile.open(file, { clock }).catch((reason: unknown) => reason);
    if (!isUsmpError(error)) expect.fail(`not refused: ${String(error)}`);
    expect(error.code).to.equal("INVALID_ARG");
    expect(clock.pending).to.equal(0);
    return error.message;
  }

  describe("when it is opened", () => {
    it("finds the keys of the file's devices, and none of others or of disabled ones", async () => {
      const previous = { previousKey: "key-of-the-pump-0", previousKeyExpires: "2100-01-01T00:00:00Z" };
      write({ ...PUMP, ...previous, cipher: "chacha20-poly1305" }, { ...LAMP, enabled: false });
      const opened = await open();
      expect(opened.lookup(PUMP.id)).to.deep.equal({
        key: utf8(PUMP.key),
        previousKey: utf8(previous.previousKey),
        previousKeyExpires: new Date(previous.previousKeyExpires),
        cipher: "chacha20-poly1305",
      });
      for (const id of [LAMP.id, "*", "00:00:00:00:00:00", "constructor"]) expect(opened.lookup(id)).to.equal(null);
      expect([opened.nameOf(PUMP.id), opened.nameOf(LAMP.id), opened.nameOf("*")]).to.deep.equal(["pump", null, null]);
      expect([reloads, errors, warnings, revoked]).to.deep.equal([[], [], [], []]);
    });

    it("is a source of keys for a gateway", async () => {
      write(PUMP);
      const find = createKeyLookup(await open());
      const found = await find(Uint8Array.of(0x24, 0x0a, 0xc4, 1, 2, 3));
      expect(found).to.deep.equal({ psk: utf8(PUMP.key), previousPsk: null, cipher: null });
      expect(await find(Uint8Array.of(0x24, 0x0a, 0xc4, 1, 2, 4))).to.equal(null);
    });

    it("hands out copies, which do not change its own", async () => {
      write(PUMP);
      const opened = await open();
      (opened.lookup(PUMP.id)?.key as Uint8Array).fill(0);
      expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8(PUMP.key));
    });

    it("says where a broken file is broken, and repeats no key", async () => {
      writeText(`{\n "devices": [\n  {"id": "${PUMP.id}", "key": "key-of-pump-15b"}]}`);
      expect(await refusal()).to.equal(
        `the key file ${JSON.stringify(file)}: line 3, column 38: devices[0].key: the PSK has 15 bytes; at least 16 are needed ("usmp keygen" makes a good one)`,
      );
      writeText(`{"devices": [{"id": "${PUMP.id}", "key": "${PUMP.key}"}`);
      expect(await refusal()).to.match(
        /: line 1, column \d+: expected a "," or the list's end, but the text ends here$/,
      );
    });

    it("refuses a file that is missing, a folder, and a number of milliseconds that is none", async () => {
      expect(await refusal()).to.equal(
        `cannot read the key file ${JSON.stringify(file)}: no such file or directory (ENOENT)`,
      );
      mkdirSync(file);
      expect(await refusal()).to.match(/it is a directory/);
      for (const pollMs of [0, NaN]) {
        const error = await KeyFile.open(file, { pollMs }).catch((reason: unknown) => reason);
        expect(isUsmpError(error) && error.message).to.contain("pollMs");
      }
    });

    it("warns of keys that hold what nobody sees, once for as long as that lasts", async () => {
      write({ ...PUMP, key: `${PUMP.key} ` }, { ...LAMP, key: `\u200b${LAMP.key}` });
      await open();
      expect(warnings).to.have.length(1);
      expect(warnings[0])
        .to.match(
          /: line 6, column 14: devices\[0\]\.key ends with a space, which counts .* \(1 more key has the same fault\)$/,
        )
        .and.not.to.contain("key-of");
      writeText(
        `${JSON.stringify(
          {
            devices: [
              { ...PUMP, key: `${PUMP.key} ` },
              { ...LAMP, key: `\u200b${LAMP.key}` },
            ],
          },
          null,
          2,
        )}\n`,
      );
      await poll();
      expect(warnings).to.have.length(1);
      write({ ...PUMP, key: `${PUMP.key} ` });
      await poll();
      expect(warnings).to.have.length(2);
    });

    it("shows no key to whoever prints it", async () => {
      write(PUMP);
      const opened = await open();
      const shown = inspect(opened, { depth: Infinity, showHidden: true }) + JSON.stringify(opened);
      expect(shown).not.to.contain("key-of").and.not.to.contain("devices:").and.not.to.contain("Uint8Array");
    });

    if (process.platform === "win32") return;

    it("refuses a file that every user can read, and says what to do", async () => {
      write(PUMP);
      chmodSync(file, 0o644);
      const named = JSON.stringify(file);
      expect(await refusal()).to.equal(
        `the key file ${named}: its mode is 644, so that every user of this machine can read its keys: chmod 600 ${named}`,
      );
    });

    it("warns of a file that its group can read, once for as long as that lasts", async () => {
      write(PUMP);
      chmodSync(file, 0o640);
      await open();
      write(PUMP, LAMP);
      await poll();
      expect(reloads).to.have.length(1);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.contain(`chmod 600 ${JSON.stringify(file)}`);
      chmodSync(file, 0o600);
      await poll();
      chmodSync(file, 0o640);
      await poll();
      expect(warnings).to.have.length(2);
    });

    it("does not wait for the writer of a pipe", async () => {
      const [exitCode] = (await once(spawn("mkfifo", ["-m", "600", file]), "close")) as [number];
      expect(exitCode).to.equal(0);
      expect(await refusal()).to.contain("it is a pipe; give a regular file");
    });
  });

  describe("while it is watched", () => {
    it("takes a new device, a new key, another name", async () => {
      write(PUMP);
      const opened = await open();
      write({ ...PUMP, key: "key-of-the-pump-2" }, LAMP);
      await poll();
      expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8("key-of-the-pump-2"));
      expect(opened.lookup(LAMP.id)?.key).to.deep.equal(utf8(LAMP.key));
      write({ ...PUMP, key: "key-of-the-pump-2", name: "old pump" }, LAMP);
      await poll();
      expect(reloads).to.deep.equal([
        {
          devices: 2,
          added: [{ deviceId: LAMP.id, name: null }],
          changed: [{ deviceId: PUMP.id, name: "pump" }],
          revoked: [],
        },
        { devices: 2, added: [], changed: [{ deviceId: PUMP.id, name: "old pump" }], revoked: [] },
      ]);
      expect([revoked, errors]).to.deep.equal([[], []]);
    });

    it("tells of each device that was removed or disabled, with the name that it had, and of no other", async () => {
      const third = { id: "24:0a:c4:01:02:05", key: "key-of-the-door-1" };
      write(PUMP, LAMP, third);
      const opened = await open();
      const seen: unknown[] = [];
      opened.onRevoked((deviceId) => seen.push(opened.lookup(deviceId)));
      write({ ...LAMP, enabled: false }, { ...third, key: "key-of-the-door-2" });
      await poll();
      expect(revoked).to.deep.equal([PUMP.id, LAMP.id]);
      expect(seen).to.deep.equal([null, null]);
      expect(reloads[0]?.revoked).to.deep.equal([
        { deviceId: PUMP.id, name: "pump" },
        { deviceId: LAMP.id, name: null },
      ]);
      write(PUMP, LAMP, third);
      await poll();
      expect(reloads[1]?.added.map(({ deviceId }) => deviceId)).to.deep.equal([PUMP.id, LAMP.id]);
      expect(revoked).to.have.length(2);
    });

    it("tells a gateway also where somebody removes all listeners, of which the gateway's are none", async () => {
      write(PUMP);
      const opened = await open();
      expect(opened.eventNames()).to.deep.equal([]);
      opened.removeAllListeners();
      write();
      await poll();
      expect(revoked).to.deep.equal([PUMP.id]);
      expect(() => opened.on("revoke" as never, () => {})).to.throw(
        'no event "revoke"; the events are error, reload, revoked, warning',
      );
    });

    it("tells nobody any more who has ended that", async () => {
      write(PUMP);
      const opened = await open();
      const heard: string[] = [];
      const listener = (deviceId: string): void => void heard.push(deviceId);
      const stop = opened.onRevoked(listener);
      opened.onRevoked(listener);
      stop();
      write();
      await poll();
      expect(heard).to.deep.equal([PUMP.id]);
    });

    it("notices an edit that changes neither size nor, on a coarse clock, time", async () => {
      write(PUMP);
      const opened = await open();
      const { mtime, atime } = statSync(file);
      for (const key of ["key-of-the-pump-2", "key-of-the-pump-3"]) {
        write({ ...PUMP, key });
        utimesSync(file, atime, mtime);
        await poll();
        expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8(key));
      }
    });

    it("notices a file that took the old one's place", async () => {
      write(PUMP);
      await open();
      const fresh = join(folder, "fresh");
      writeFileSync(fresh, JSON.stringify({ devices: [LAMP] }), { mode: 0o600 });
      renameSync(fresh, file);
      await poll();
      expect([revoked, errors]).to.deep.equal([[PUMP.id], []]);
    });

    it("is silent where nothing changes, or only the file's looks", async () => {
      write(PUMP);
      await open();
      await poll();
      writeText(JSON.stringify({ devices: [PUMP] }));
      await poll();
      utimesSync(file, 1, 1);
      await poll();
      expect([reloads, errors, revoked]).to.deep.equal([[], [], []]);
    });

    it("keeps the last good keys when an edit is broken, and says so once", async () => {
      write(PUMP);
      const opened = await open();
      writeText(`{"devices": [{"id": "${PUMP.id}", "key": "short"}]}`);
      for (let turn = 0; turn < 3; turn++) await poll();
      expect(errors.map(({ code, message }) => [code, /: line .*\.key/.exec(message)?.[0]])).to.deep.equal([
        ["INVALID_ARG", ": line 1, column 49: devices[0].key"],
      ]);
      writeText("");
      await poll();
      expect(errors).to.have.length(2);
      expect(errors[1]?.message).to.contain("line 1, column 1: expected a value");
      expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8(PUMP.key));
      expect([reloads, revoked]).to.deep.equal([[], []]);
      write(PUMP);
      await poll();
      // Nothing is new but that all is well again.
      expect(reloads).to.deep.equal([{ devices: 1, added: [], changed: [], revoked: [] }]);
    });

    it("notices edits of a file that has long been as it is", async () => {
      write(PUMP);
      const opened = await open();
      // Stamps of now are old then, so that a state of the file is read once.
      const late = sinon.useFakeTimers({ now: Date.UTC(2100, 0), toFake: ["Date"] });
      try {
        await poll();
        writeText("{");
        for (let turn = 0; turn < 3; turn++) await poll();
        expect(errors).to.have.length(1);
        write(PUMP, LAMP);
        await poll();
        expect(opened.lookup(LAMP.id)).not.to.equal(null);
      } finally {
        late.restore();
      }
    });

    it("keeps the last good keys when the file is missing, and takes it when it is back", async () => {
      write(PUMP);
      const opened = await open();
      rmSync(file);
      for (let turn = 0; turn < 3; turn++) await poll();
      expect(errors.map(({ message }) => message)).to.deep.equal([
        `cannot read the key file ${JSON.stringify(file)}: no such file or directory (ENOENT)`,
      ]);
      expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8(PUMP.key));
      write(LAMP);
      await poll();
      expect(revoked).to.deep.equal([PUMP.id]);
    });

    it("wipes no key that somebody still holds", async () => {
      write(PUMP);
      const opened = await open();
      const held = opened.lookup(PUMP.id);
      write(LAMP);
      await poll();
      expect(revoked).to.deep.equal([PUMP.id]);
      expect(held?.key).to.deep.equal(utf8(PUMP.key));
    });

    it("goes on where its callbacks fail, and tells of that as an error", async () => {
      write(PUMP, LAMP);
      const opened = await open({
        onReload: () => {
          throw new Error("no room");
        },
      });
      opened.onRevoked(() => {
        throw new Error("no session");
      });
      write();
      await poll();
      expect(errors.map(({ code }) => code)).to.deep.equal(["HANDLER", "HANDLER", "HANDLER"]);
      expect(revoked).to.deep.equal([PUMP.id, LAMP.id]);
      write(PUMP);
      await poll();
      expect(opened.lookup(PUMP.id)).not.to.equal(null);
    });

    it("looks as often as it is told to", async () => {
      write(PUMP);
      await open({ pollMs: 60_000 });
      write(PUMP, LAMP);
      await clock.advance(59_999);
      expect(reloads).to.deep.equal([]);
      await poll(1);
      expect(reloads).to.have.length(1);
    });

    it("stops at the end, leaves no timer, and keeps its keys", async () => {
      write(PUMP);
      const opened = await open();
      await opened[Symbol.asyncDispose]();
      await opened.close();
      expect(clock.pending).to.equal(0);
      write(LAMP);
      await clock.advance(10 * POLL_MS);
      expect(opened.lookup(PUMP.id)?.key).to.deep.equal(utf8(PUMP.key));
    });

    it("tells nothing once it is closed, also where it was just looking", async () => {
      write(PUMP);
      const opened = await open();
      write(LAMP);
      await clock.advance(POLL_MS);
      await opened.close();
      expect(clock.pending).to.equal(0);
      expect([reloads, errors, revoked]).to.deep.equal([[], [], []]);
    });

    if (process.platform === "win32") return;

    it("keeps the last good keys when the mode becomes too open, and takes the file when that is mended", async () => {
      write(PUMP);
      const opened = await open();
      write(PUMP, LAMP);
      chmodSync(file, 0o604);
      for (let turn = 0; turn < 2; turn++) await poll();
      expect(errors).to.have.length(1);
      expect(errors[0]?.message).to.contain("mode is 604");
      expect(opened.lookup(LAMP.id)).to.equal(null);
      chmodSync(file, 0o600);
      await poll();
      expect(opened.lookup(LAMP.id)).not.to.equal(null);
    });

    it("notices a link that was turned to another file, as mounted secrets are", async () => {
      const [one, other] = [join(folder, "one"), join(folder, "other")];
      writeFileSync(one, JSON.stringify({ devices: [PUMP] }), { mode: 0o600 });
      writeFileSync(other, JSON.stringify({ devices: [LAMP] }), { mode: 0o600 });
      symlinkSync(one, file);
      await open();
      symlinkSync(other, join(folder, "link"));
      renameSync(join(folder, "link"), file);
      await poll();
      expect([revoked, errors]).to.deep.equal([[PUMP.id], []]);
    });

    if (process.platform !== "linux") return;

    // A file that always has more in it than its size says: what a half-written one looks like.
    const GROWING = "/proc/self/environ";

    it("tries again later where the file changes while it is read", async () => {
      write(PUMP);
      const opened = await open();
      symlinkSync(GROWING, join(folder, "link"));
      renameSync(join(folder, "link"), file);
      for (let turn = 0; turn < 2; turn++) await poll();
      expect([reloads, errors]).to.deep.equal([[], []]);
      expect(opened.lookup(PUMP.id)).not.to.equal(null);
      rmSync(file);
      write(LAMP);
      await poll();
      expect(revoked).to.deep.equal([PUMP.id]);
    });

    it("refuses to open a file that changes all the time", async () => {
      symlinkSync(GROWING, file);
      expect(await refusal()).to.contain("it kept changing while it was read");
    });
  });

  it("does not keep a process alive", async () => {
    write(PUMP);
    const module = new URL(`../../../lib/index${extname(import.meta.url)}`, import.meta.url).href;
    const program = `
      const { KeyFile } = await import(${JSON.stringify(module)});
      const keys = await KeyFile.open(${JSON.stringify(file)}, { pollMs: 5 });
      console.log("open", keys.nameOf(${JSON.stringify(PUMP.id)}));`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
    const out = new Transcript(child.stdout);
    expect(await once(child, "close")).to.deep.equal([0, null]);
    expect(out.text).to.equal("open pump\n");
  });
});
