import { expect } from "chai";

import { Preferences } from "../../../lib/arduino/storage/preferences.js";
import { runLives } from "../lives.js";

/** What `use` returns, called with an open namespace. */
async function withPreferences<T>(use: (preferences: Preferences) => T): Promise<T> {
  const results: T[] = [];
  await runLives([
    () => {
      const preferences = new Preferences();
      preferences.begin("test");
      results.push(use(preferences));
    },
  ]);
  return results[0]!;
}

describe("Preferences", () => {
  it("keeps values through a restart", async () => {
    const seen: unknown[] = [];
    const count = (): void => {
      const preferences = new Preferences();
      preferences.begin("app");
      preferences.putUInt("boots", preferences.getUInt("boots", 0) + 1);
      seen.push(preferences.getUInt("boots"));
      preferences.end();
    };
    await runLives([count, count, count]);
    expect(seen).to.deep.equal([1, 2, 3]);
  });

  it("has every type, and tells how many bytes each takes", async () => {
    const sizes = await withPreferences((p) => [
      p.putBool("bool", true),
      p.putChar("char", -1),
      p.putUChar("uchar", 255),
      p.putShort("short", -2),
      p.putUShort("ushort", 65_535),
      p.putInt("int", -3),
      p.putUInt("uint", 4294967295),
      p.putLong("long", -4),
      p.putULong("ulong", 4294967294),
      p.putLong64("long64", -5n),
      p.putULong64("ulong64", 2n ** 64n - 1n),
      p.putFloat("float", 0.1),
      p.putDouble("double", 0.1),
      p.putString("string", "é!"),
      p.putBytes("bytes", Uint8Array.of(1, 2, 3, 4), 3),
    ]);
    expect(sizes).to.deep.equal([1, 1, 1, 2, 2, 4, 4, 4, 4, 8, 8, 4, 8, 3, 3]);
  });

  it("gives values back as they were put", async () => {
    const values = await withPreferences((p) => {
      p.putBool("bool", true);
      p.putChar("char", -1);
      p.putUShort("ushort", 65_535);
      p.putLong("long", -4);
      p.putULong64("ulong64", 2n ** 64n - 1n);
      p.putLong64("long64", -5);
      p.putFloat("float", 0.1);
      p.putDouble("double", 0.1);
      p.putString("string", "é!");
      p.putBytes("bytes", Uint8Array.of(1, 2, 3));
      const buffer = new Uint8Array(4);
      return [
        p.getBool("bool"),
        p.getChar("char"),
        p.getUShort("ushort"),
        p.getLong("long"),
        p.getULong64("ulong64"),
        p.getLong64("long64"),
        p.getFloat("float"),
        p.getDouble("double"),
        p.getString("string").toString(),
        p.getBytesLength("bytes"),
        p.getBytes("bytes", buffer),
        [...buffer],
      ];
    });
    expect(values).to.deep.equal([
      true,
      -1,
      65_535,
      -4,
      2n ** 64n - 1n,
      -5n,
      Math.fround(0.1),
      0.1,
      "é!",
      3,
      3,
      [1, 2, 3, 0],
    ]);
  });

  it("wraps at the width of the type", async () => {
    const values = await withPreferences((p) => {
      p.putUChar("uchar", 300);
      p.putShort("short", 40_000);
      p.putInt("int", 2 ** 31);
      p.putUInt("uint", -1);
      p.putULong64("ulong64", -1n);
      return [p.getUChar("uchar"), p.getShort("short"), p.getInt("int"), p.getUInt("uint"), p.getULong64("ulong64")];
    });
    expect(values).to.deep.equal([44, -25_536, -2147483648, 4294967295, 2n ** 64n - 1n]);
  });

  it("gives the default for what is not there, and for what is of another type", async () => {
    const values = await withPreferences((p) => {
      p.putInt("n", 5);
      return [
        p.getUInt("n", 1),
        p.getString("n", "none").toString(),
        p.getBytesLength("n"),
        p.getInt("m"),
        p.getBool("m", true),
        p.getFloat("m"),
        p.getDouble("m", 2.5),
        p.getLong64("m", 7n),
        p.getInt("n"),
      ];
    });
    expect(values).to.deep.equal([1, "none", 0, 0, true, NaN, 2.5, 7n, 5]);
  });

  it("puts a value in the place of one of another type", async () => {
    const values = await withPreferences((p) => {
      p.putInt("n", 5);
      p.putString("n", "text");
      return [p.getInt("n", -1), p.getString("n").toString()];
    });
    expect(values).to.deep.equal([-1, "text"]);
  });

  it("knows its keys, and forgets them", async () => {
    const values = await withPreferences((p) => {
      p.putInt("a", 1);
      p.putInt("b", 2);
      const before = [p.isKey("a"), p.isKey("c"), p.remove("a"), p.remove("a"), p.isKey("a")];
      return [...before, p.clear(), p.isKey("b")];
    });
    expect(values).to.deep.equal([true, false, true, false, false, true, false]);
  });

  it("takes names of up to 15 characters only", async () => {
    const values = await withPreferences((p) => {
      const other = new Preferences();
      return [
        p.putInt("fifteen-letters", 1),
        p.putInt("sixteen--letters", 1),
        p.putInt("", 1),
        other.begin("sixteen--letters"),
        other.begin("fifteen-letters"),
      ];
    });
    expect(values).to.deep.equal([4, 0, 0, false, true]);
  });

  it("takes text of up to 3,999 bytes, and no empty bytes", async () => {
    const values = await withPreferences((p) => [
      p.putString("s", "x".repeat(3_999)),
      p.putString("t", "x".repeat(4_000)),
      p.putBytes("b", new Uint8Array()),
    ]);
    expect(values).to.deep.equal([3_999, 0, 0]);
  });

  it("copies bytes only where there is room for all of them", async () => {
    const values = await withPreferences((p) => {
      p.putBytes("b", Uint8Array.of(1, 2, 3));
      return [p.getBytes("b", new Uint8Array(2)), p.getBytes("b", new Uint8Array(9), 2)];
    });
    expect(values).to.deep.equal([0, 0]);
  });

  it("writes nothing where it is open for reading only, or not open", async () => {
    const values = await withPreferences((p) => {
      p.putInt("n", 1);
      const reader = new Preferences();
      const seen = [
        reader.putInt("n", 2),
        reader.begin("none", true),
        reader.begin("test", true),
        reader.begin("test"),
      ];
      seen.push(reader.putInt("n", 2), reader.remove("n"), reader.clear(), reader.getInt("n"));
      reader.end();
      return [...seen, reader.getInt("n", -1), reader.freeEntries(), p.getInt("n")];
    });
    expect(values).to.deep.equal([0, false, true, false, 0, false, false, 1, -1, 0, 1]);
  });

  it("shows a change to everybody who has the namespace open", async () => {
    const values = await withPreferences((p) => {
      const other = new Preferences();
      other.begin("test", true);
      p.putInt("n", 5);
      return other.getInt("n");
    });
    expect(values).to.equal(5);
  });

  it("counts what is free", async () => {
    const values = await withPreferences((p) => {
      p.putInt("n", 5);
      return p.freeEntries();
    });
    expect(values).to.equal(629);
  });

  it("has to be opened again in the next life", async () => {
    const preferences = new Preferences();
    const seen: unknown[] = [];
    await runLives([
      () => void seen.push(preferences.begin("test"), preferences.putInt("n", 1)),
      () => void seen.push(preferences.getInt("n", -1), preferences.begin("test"), preferences.getInt("n", -1)),
    ]);
    expect(seen).to.deep.equal([true, 4, -1, true, 1]);
  });
});
