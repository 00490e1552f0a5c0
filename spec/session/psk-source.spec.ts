import { inspect } from "node:util";
import { expect } from "chai";
import {
  createKeyLookup,
  createPskLookup,
  keepKeys,
  type PskSource,
  type PskStore,
} from "../../lib/session/psk-source.js";
import { counted, utf8 } from "../support/core-bytes.js";
import { expectCode } from "../support/core-errors.js";
import { rejectionOf } from "../support/session-waits.js";

const DEVICE = Uint8Array.of(0x24, 0x0a, 0xc4, 1, 2, 3);
const OTHER = Uint8Array.of(9, 9, 9, 9, 9, 9);
const KEY = "a key of 16 bytes";
const KEY_2 = counted(20, 1);

async function found(source: PskSource, deviceId = DEVICE): Promise<Uint8Array | null> {
  return createPskLookup(source)(deviceId);
}

describe("createPskLookup", () => {
  it("takes text as its bytes, for every device", async () => {
    expect(await found(KEY)).to.deep.equal(utf8(KEY));
    expect(await found(KEY, OTHER)).to.deep.equal(utf8(KEY));
  });

  it("takes bytes, and copies them when given and when asked", async () => {
    const given = Uint8Array.from(KEY_2);
    const lookup = createPskLookup(given);
    given.fill(0);
    const first = (await lookup(DEVICE)) as Uint8Array;
    expect(first).to.deep.equal(KEY_2);
    first.fill(0);
    expect(await lookup(DEVICE)).to.deep.equal(KEY_2);
  });

  for (const [what, make] of [
    ["a record", (entries: Record<string, string | Uint8Array>) => entries],
    ["a Map", (entries: Record<string, string | Uint8Array>) => new Map(Object.entries(entries))],
  ] as const) {
    it(`takes ${what} by device id, in either case`, async () => {
      const source = make({ "24:0A:C4:01:02:03": KEY, "00:00:00:00:00:01": KEY_2 });
      expect(await found(source)).to.deep.equal(utf8(KEY));
      expect(await found(source, Uint8Array.of(0, 0, 0, 0, 0, 1))).to.deep.equal(KEY_2);
      expect(await found(source, OTHER)).to.equal(null);
    });

    it(`takes "*" in ${what} for every other device`, async () => {
      const source = make({ "*": KEY_2, "24:0a:c4:01:02:03": KEY });
      expect(await found(source)).to.deep.equal(utf8(KEY));
      expect(await found(source, OTHER)).to.deep.equal(KEY_2);
    });
  }

  it("copies a table at once", async () => {
    const table = new Map<string, string>([["*", KEY]]);
    const lookup = createPskLookup(table);
    table.clear();
    expect(await lookup(DEVICE)).to.deep.equal(utf8(KEY));
  });

  it("takes a function, which gets the id as text and answers at once or later", async () => {
    const asked: string[] = [];
    expect(await found((id) => (asked.push(id), KEY))).to.deep.equal(utf8(KEY));
    expect(await found(async (id) => (asked.push(id), KEY_2))).to.deep.equal(KEY_2);
    expect(asked).to.deep.equal(["24:0a:c4:01:02:03", "24:0a:c4:01:02:03"]);
  });

  it("takes what only acts like a promise for one, as database libraries give it", async () => {
    const query = { then: (resolve: (key: string) => void) => resolve(KEY) };
    expect(await found(() => query as unknown as Promise<string>)).to.deep.equal(utf8(KEY));
  });

  it("copies bytes of a function before its owner can overwrite them", async () => {
    const bytes = Uint8Array.from(KEY_2);
    const finding = found(() => bytes);
    bytes.fill(0);
    expect(await finding).to.deep.equal(KEY_2);
  });

  it("takes null and undefined of a function as: no such device", async () => {
    expect(await found(() => null)).to.equal(null);
    expect(await found(async () => undefined)).to.equal(null);
  });

  it("rejects where the function throws, rejects, or gives what is no key", async () => {
    const failure = new Error("the database is down");
    const lookups = [
      () => {
        throw failure;
      },
      () => Promise.reject(failure),
    ].map((source) =>
      found(source).then(
        () => null,
        (error: unknown) => error,
      ),
    );
    expect(await Promise.all(lookups)).to.deep.equal([failure, failure]);
    await rejectionOf(
      found(() => "15 bytes, short"),
      "INVALID_ARG",
    );
    await rejectionOf(
      found(() => 42 as never),
      "INVALID_ARG",
    );
  });

  for (const [what, source, says] of [
    ["a key of 15 bytes", "15 bytes, short", "at least 16"],
    ["a short key in a table", { "*": "15 bytes, short" }, "at least 16"],
    ["a bad device id in a table", { "24:0a": KEY }, '"24:0a"'],
    ["an empty table", {}, "empty"],
    ["an empty Map", new Map<string, string>(), "empty"],
    ["null", null, "null"],
    ["a promise of a store", Promise.resolve({ lookup: () => null }), "await it"],
    ["undefined", undefined, "undefined"],
    ["a number", 5, "number"],
  ] as const) {
    it(`refuses ${what} with INVALID_ARG and never shows a key`, () => {
      const error = expectCode(() => createPskLookup(source as never), "INVALID_ARG");
      expect(error.message).to.include(says);
      expect(inspect(error, { depth: Infinity, showHidden: true })).to.not.include("15 bytes, short");
    });
  }
});

describe("createKeyLookup", () => {
  const keys = async (source: PskSource) => createKeyLookup(source)(DEVICE);

  it("gives a plain key alone", async () => {
    expect(await keys(KEY)).to.deep.equal({ psk: utf8(KEY), previousPsk: null, cipher: null });
  });

  it("gives all that an entry of a table, or of a function, says", async () => {
    const entry = { key: KEY, previousKey: KEY_2, cipher: "chacha20-poly1305" } as const;
    const expected = { psk: utf8(KEY), previousPsk: KEY_2, cipher: "chacha20-poly1305" };
    expect(await keys({ "*": entry })).to.deep.equal(expected);
    expect(await keys(() => entry)).to.deep.equal(expected);
    expect(await createPskLookup({ "*": entry })(DEVICE)).to.deep.equal(utf8(KEY));
  });

  it("leaves out a previous key that has expired", async () => {
    const at = (ms: number) => keys({ "*": { key: KEY, previousKey: KEY_2, previousKeyExpires: new Date(ms) } });
    expect((await at(Date.UTC(2100, 0)))?.previousPsk).to.deep.equal(KEY_2);
    expect((await at(Date.UTC(2000, 0)))?.previousPsk).to.equal(null);
  });

  it("refuses a disabled device, also where there is a key for all others", async () => {
    const entry = { key: KEY, enabled: false };
    expect(await keys({ "24:0a:c4:01:02:03": entry, "*": KEY_2 })).to.equal(null);
    expect(await keys(() => entry)).to.equal(null);
    expect(await keys(() => ({ ...entry, enabled: true, name: "pump" }))).not.to.equal(null);
  });

  it("asks a store each time", async () => {
    const given: (string | null)[] = [KEY, null];
    const store: PskStore = { lookup: () => given.shift() };
    expect((await keys(store))?.psk).to.deep.equal(utf8(KEY));
    expect(await keys(store)).to.equal(null);
  });

  it("overwrites what a store gives where it says that those are copies, and only then", async () => {
    for (const givesCopies of [true, false]) {
      const entry = { key: Uint8Array.from(KEY_2), previousKey: Uint8Array.from(KEY_2) };
      const bare = Uint8Array.from(KEY_2);
      const given = [entry, bare];
      const store: PskStore = { lookup: () => given.shift(), givesCopies };
      expect(await keys(store)).to.deep.include({ psk: KEY_2, previousPsk: KEY_2 });
      expect(await keys(store)).to.deep.include({ psk: KEY_2, previousPsk: null });
      const left = givesCopies ? new Uint8Array(KEY_2.length) : KEY_2;
      expect([entry.key, entry.previousKey, bare]).to.deep.equal([left, left, left]);
    }
  });

  for (const [what, entry, says] of [
    ["a short previous key", { key: KEY, previousKey: "15 bytes, short" }, "at least 16"],
    ["an expiry that is no date", { key: KEY, previousKeyExpires: "tomorrow" }, "Date"],
    ["an invalid date", { key: KEY, previousKeyExpires: new Date(NaN) }, "Date"],
    ["a cipher that is none", { key: KEY, cipher: "rot13" }, "rot13"],
    ["a member that there is not", { key: KEY, enabeld: false }, "enabled"],
    ["an enabled that is neither", { key: KEY, enabled: "no" }, "enabled"],
    ["a short key, by its device", { key: "15 bytes, short" }, "entry of *"],
  ] as const) {
    it(`refuses ${what} with INVALID_ARG`, () => {
      const error = expectCode(() => createKeyLookup({ "*": entry } as never), "INVALID_ARG");
      expect(error.message).to.include(says);
    });
  }
});

describe("keepKeys", () => {
  it("checks and copies a key, or a table, once for all who look it up", async () => {
    const given = Uint8Array.from(KEY_2);
    const whole = { key: KEY, previousKey: given, cipher: "chacha20-poly1305" } as const;
    const one = keepKeys(given);
    const table = keepKeys({ "24:0A:C4:01:02:03": whole, "*": { key: KEY, enabled: false } });
    given.fill(0);
    for (let time = 0; time < 2; time++) {
      expect(await createKeyLookup(one)(DEVICE)).to.deep.equal({ psk: KEY_2, previousPsk: null, cipher: null });
      const { psk, previousPsk, cipher } = (await createKeyLookup(table)(DEVICE))!;
      expect([psk, previousPsk, cipher]).to.deep.equal([utf8(KEY), KEY_2, "chacha20-poly1305"]);
      expect(await createKeyLookup(table)(OTHER)).to.equal(null);
    }
    expectCode(() => keepKeys("15 bytes, short"), "INVALID_ARG");
  });

  it("leaves a function and a store as they are", () => {
    const find = (): string => KEY;
    const store: PskStore = { lookup: find };
    expect([keepKeys(find), keepKeys(store)]).to.deep.equal([find, store]);
  });
});
