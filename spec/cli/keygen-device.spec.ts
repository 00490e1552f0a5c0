import { expect } from "chai";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sinon from "sinon";
import { withNewKey } from "../../lib/cli/keygen-device.js";
import { parseKeyFile } from "../../lib/gateway/keys/key-file-parser.js";
import { finished, type Finished } from "./terminal.js";

const ID = "24:0a:c4:01:02:03";
const OTHER_ID = "24:0A:C4:01:02:04";
const KEY = "key-of-the-pump-1";
const windows = process.platform === "win32";

describe("usmp keygen --device", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    file = join(folder, "devices.json");
  });

  afterEach(() => {
    sinon.restore();
    rmSync(folder, { recursive: true });
  });

  function keygen(...args: readonly string[]): Promise<Finished> {
    return finished(["keygen", "--keys", file, ...args]);
  }

  function write(devices: readonly object[], mode = 0o600): void {
    writeFileSync(file, JSON.stringify({ devices }));
    chmodSync(file, mode);
  }

  function read(): { devices: Record<string, unknown>[] } {
    return JSON.parse(readFileSync(file, "utf8")) as { devices: Record<string, unknown>[] };
  }

  function keyIn(out: string): string {
    return /^key of [0-9a-f:]{17}: ([0-9a-f]{64})\n/.exec(out)?.[1] as string;
  }

  it("makes the file, for its owner alone, and prints the key and what to paste for that device", async () => {
    const { exitCode, out, err } = await keygen("--device", ID.toUpperCase(), "--name", "pump");
    expect(exitCode).to.equal(0);
    const key = keyIn(out);
    expect(read()).to.deep.equal({ devices: [{ id: ID, name: "pump", key, enabled: true }] });
    expect(out).to.contain(`USMPClient usmp("${key}");`);
    expect(out).to.contain(`new Usmp("${key}", { deviceId: "${ID}" });`);
    expect(out).to.match(new RegExp(`  USMP_PSK=${key} usmp connect \\S+ --device-id ${ID}\n$`));
    expect(err).to.equal(`usmp: the new key of ${ID} is in ${JSON.stringify(file)}\n`);
    expect(readdirSync(folder)).to.deep.equal(["devices.json"]);
    if (!windows) expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("adds to a file, and leaves the other devices, their order and the file's mode as they are", async () => {
    const others = [
      { key: KEY, id: OTHER_ID, previousKey: "key-of-the-pump-0", previousKeyExpires: "2020-01-01T00:00Z" },
      { id: "02:00:00:00:00:01", enabled: false, cipher: "chacha20-poly1305", key: `hex:${"0".repeat(32)}`, name: "" },
    ];
    write(others, 0o640);
    expect((await keygen("--device", ID)).exitCode).to.equal(0);
    expect(JSON.stringify(read().devices.slice(0, 2))).to.equal(JSON.stringify(others));
    expect(read().devices).to.have.length(3);
    if (!windows) expect(statSync(file).mode & 0o777).to.equal(0o640);
  });

  it("replaces no device without --force", async () => {
    write([{ id: OTHER_ID, key: KEY }]);
    const before = readFileSync(file, "utf8");
    const { exitCode, out, err } = await keygen("--device", OTHER_ID.toLowerCase());
    expect({ exitCode, out }).to.deep.equal({ exitCode: 1, out: "" });
    expect(err)
      .to.match(
        /^usmp: no key was written .*: 24:0a:c4:01:02:04 is already in this file; --rotate replaces its key.*\n$/,
      )
      .and.not.to.contain(KEY);
    expect(readFileSync(file, "utf8")).to.equal(before);
    expect(readdirSync(folder)).to.deep.equal(["devices.json"]);
  });

  it("replaces a device's keys with --force, and keeps what else there is of it", async () => {
    const previous = { previousKey: "key-of-the-pump-0", previousKeyExpires: "2100-01-01T00:00:00Z" };
    write([{ id: ID, name: "pump", key: KEY, enabled: false, cipher: "chacha20-poly1305", ...previous }]);
    const { out } = await keygen("--device", ID, "--force");
    expect(read().devices).to.deep.equal([
      { id: ID, name: "pump", key: keyIn(out), enabled: false, cipher: "chacha20-poly1305" },
    ]);
    expect(out).to.contain(`{ cipher: "chacha20-poly1305", deviceId: "${ID}" }`).and.not.to.contain("Arduino");
    expect(out).to.contain(`--cipher chacha20-poly1305 --device-id ${ID}`);
  });

  it("keeps the present key as the previous one with --rotate", async () => {
    write([{ id: ID, key: KEY, name: "pump" }]);
    const now = Date.UTC(2030, 0);
    sinon.useFakeTimers({ now, toFake: ["Date"] });
    const { exitCode, out, err } = await keygen("--device", ID, "--rotate", "14");
    expect(exitCode).to.equal(0);
    const { previousKeyExpires, ...device } = read().devices[0] as { previousKeyExpires: string };
    expect(device).to.deep.equal({ id: ID, key: keyIn(out), name: "pump", previousKey: KEY });
    expect(Date.parse(previousKeyExpires)).to.equal(now + 14 * 86_400_000);
    expect(err).to.contain(`is accepted until ${previousKeyExpires}`).and.not.to.contain(KEY);
    expect(out).not.to.contain(KEY);
    expect(parseKeyFile(readFileSync(file, "utf8")).get(ID)?.previousKeyExpires).to.be.instanceOf(Date);
  });

  it("begins no second rotation while a device may still use the key before, but for --force", async () => {
    write([{ id: ID, key: KEY }]);
    const first = keyIn((await keygen("--device", ID, "--rotate", "14")).out);
    const refused = await keygen("--device", ID, "--rotate", "14");
    expect(refused.exitCode).to.equal(1);
    expect(refused.err).to.match(/may still use its previous key until .*Z; --force drops that key/);
    expect(read().devices[0]).to.include({ key: first, previousKey: KEY });
    expect((await keygen("--device", ID, "--rotate", "14", "--force")).exitCode).to.equal(0);
    expect(read().devices[0]).to.include({ previousKey: first });
  });

  it("rotates once more when the older key has expired", () => {
    const expired = { previousKey: "key-of-the-pump-0", previousKeyExpires: "2026-01-01T00:00:00Z" };
    const options = { device: ID, keys: file, rotate: 1 };
    const devices = withNewKey([{ id: ID, key: KEY, ...expired }], options, "new", Date.UTC(2026, 0, 1, 0, 0, 0, 999));
    expect(devices).to.deep.equal([
      { id: ID, key: "new", previousKey: KEY, previousKeyExpires: "2026-01-02T00:00:00Z" },
    ]);
  });

  it("rotates no device that is not there", async () => {
    write([]);
    const { exitCode, err } = await keygen("--device", ID, "--rotate", "14");
    expect(exitCode).to.equal(1);
    expect(err).to.contain(`${ID} is not in this file; omit --rotate to add it`);
    expect(read()).to.deep.equal({ devices: [] });
  });

  it("does not touch a broken file, and says where it is broken", async () => {
    writeFileSync(file, `{"devices": [{"id": "${ID}", "key": "${KEY}",}]}`, { mode: 0o600 });
    const { exitCode, err } = await keygen("--device", ID);
    expect(exitCode).to.equal(1);
    expect(err)
      .to.match(/line 1, column \d+: expected a member's name/)
      .and.not.to.contain(KEY);
    expect(readFileSync(file, "utf8")).to.contain(",}]}");
    expect(readdirSync(folder)).to.deep.equal(["devices.json"]);
  });

  it("writes nothing that it could not read", async () => {
    const { exitCode, err } = await keygen("--device", ID, "--name", "n".repeat(101));
    expect(exitCode).to.equal(1);
    expect(err).to.contain("devices[0].name: 101 characters is too long");
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it("says what is wrong where it cannot write", async () => {
    const { exitCode, err } = await finished(["keygen", "--device", ID, "--keys", join(folder, "none", "file")]);
    expect(exitCode).to.equal(1);
    expect(err).to.match(/^usmp: no key was written .*: .*\(ENOENT\)\n$/);
  });

  it("loses no device where many are added at once", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `02:00:00:00:00:${index.toString(16).padStart(2, "0")}`);
    const all = await Promise.all(ids.map((id) => keygen("--device", id)));
    expect(all.map(({ exitCode, err }) => (exitCode === 0 ? "added" : err))).to.deep.equal(ids.map(() => "added"));
    expect(
      read()
        .devices.map(({ id }) => id)
        .sort(),
    ).to.deep.equal(ids);
    expect(readdirSync(folder)).to.deep.equal(["devices.json"]);
  });

  it("says that a lock is left over where its process is gone, and leaves it to the user", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(`${file}.lock`, `${pid}\n`);
    const { exitCode, err } = await keygen("--device", ID);
    expect(exitCode).to.equal(1);
    expect(err).to.contain(
      `devices.json.lock" was left behind by process ${pid}, which no longer runs: remove the file`,
    );
    expect(existsSync(`${file}.lock`)).to.equal(true);
    expect(existsSync(file)).to.equal(false);
  });

  for (const [what, argv, says] of [
    ["a device without a file", ["--device", ID], "--device and --keys go together"],
    ["a file without a device", ["--keys", "devices.json"], "--device and --keys go together"],
    ["two files", ["--device", ID, "--keys", "a", "--out", "b"], "give --out or --keys, not both"],
    ["a name for no device", ["--name", "pump"], "--name needs --device and --keys"],
    ["a rotation of no device", ["--rotate", "3"], "--rotate needs --device and --keys"],
    ["a bad device id", ["--device", "pump", "--keys", "a"], "six pairs of hex digits"],
    [
      "a rotation of no days",
      ["--device", ID, "--keys", "a", "--rotate", "0"],
      '"0" is not a valid time: give days, 1 to 3650',
    ],
    ["a rotation for ever", ["--device", ID, "--keys", "a", "--rotate", "3651"], '"3651" is not a valid time'],
  ] as const) {
    it(`refuses ${what} as wrong usage`, async () => {
      const { exitCode, out, err } = await finished(["keygen", ...argv]);
      expect({ exitCode, out }).to.deep.equal({ exitCode: 2, out: "" });
      expect(err).to.contain(says);
    });
  }

  if (windows) return;

  it("changes the file that a link leads to, and leaves the link", async () => {
    const target = join(folder, "target.json");
    writeFileSync(target, '{"devices": []}', { mode: 0o600 });
    symlinkSync("target.json", file);
    expect((await keygen("--device", ID)).exitCode).to.equal(0);
    expect(lstatSync(file).isSymbolicLink()).to.equal(true);
    expect(readFileSync(target, "utf8")).to.contain(ID);
  });

  if (process.getuid?.() === 0) {
    it("leaves a file to its owner where the administrator edits it", async () => {
      write([]);
      chownSync(file, 4321, 4322);
      expect((await keygen("--device", ID)).exitCode).to.equal(0);
      expect(read().devices).to.have.length(1);
      expect(statSync(file)).to.include({ uid: 4321, gid: 4322 });
    });
  }

  it("makes no file behind a link that leads nowhere", async () => {
    symlinkSync("nowhere", file);
    const { exitCode, err } = await keygen("--device", ID);
    expect(exitCode).to.equal(1);
    expect(err).to.contain("is a link that leads nowhere");
    expect(lstatSync(file).isSymbolicLink()).to.equal(true);
  });

  it("does not add to a file that others can read, and says what to do", async () => {
    write([], 0o644);
    const { exitCode, err } = await keygen("--device", ID);
    expect(exitCode).to.equal(1);
    expect(err).to.contain(`its mode is 644, so that every user of this machine can read its keys: chmod 600`);
    expect(read()).to.deep.equal({ devices: [] });
  });
});
