import { expect } from "chai";
import fc from "fast-check";
import { isUsmpError } from "../../../lib/errors.js";
import { MAX_KEY_FILE_BYTES, parseKeyFile } from "../../../lib/gateway/keys/key-file-parser.js";
import { utf8 } from "../../support/core-bytes.js";
import { expectCode } from "../../support/core-errors.js";

const ID = "24:0a:c4:01:02:03";
const KEY = "key-of-the-pump-1";
const OLD_KEY = "key-of-the-pump-0";

function fileWith(...devices: readonly unknown[]): string {
  return JSON.stringify({ devices });
}

function device(members: object = {}): object {
  return { id: ID, key: KEY, ...members };
}

function complaint(text: string): string {
  const { message } = expectCode(() => parseKeyFile(text), "INVALID_ARG");
  expect(message).not.to.contain("key-of").and.not.to.contain("secret");
  return message;
}

describe("parseKeyFile", () => {
  it("reads id and key, which is all that a device needs", () => {
    expect([...parseKeyFile(fileWith(device()))]).to.deep.equal([[ID, { key: utf8(KEY), enabled: true }]]);
  });

  it("reads all that a device may have", () => {
    const text = `{
      "devices": [
        {
          "id": "24:0A:C4:01:02:03",
          "name": "pump",
          "key": "${KEY}",
          "enabled": false,
          "cipher": "chacha20-poly1305",
          "previousKey": "${OLD_KEY}",
          "previousKeyExpires": "2026-12-01T01:00:00+01:00"
        }
      ]
    }`;
    expect(parseKeyFile(text).get(ID)).to.deep.equal({
      name: "pump",
      key: utf8(KEY),
      enabled: false,
      cipher: "chacha20-poly1305",
      previousKey: utf8(OLD_KEY),
      previousKeyExpires: new Date("2026-12-01T00:00:00Z"),
    });
  });

  it("keeps the file's order, and takes a file without devices", () => {
    const ids = ["02:00:00:00:00:02", "02:00:00:00:00:01"];
    expect([...parseKeyFile(fileWith(...ids.map((id) => device({ id })))).keys()]).to.deep.equal(ids);
    expect(parseKeyFile(fileWith()).size).to.equal(0);
  });

  it("decodes a key only after its prefix", () => {
    const hex = "6b".repeat(16);
    const keys = [hex, `hex:${hex}`, "€€€€€€"].map((key) => parseKeyFile(fileWith(device({ key }))).get(ID)?.key);
    expect(keys).to.deep.equal([utf8(hex), utf8("k".repeat(16)), utf8("€€€€€€")]);
  });

  it("gives every device keys of its own, to be wiped alone", () => {
    const [first, second] = parseKeyFile(fileWith(device(), device({ id: "02:00:00:00:00:01" }))).values();
    first?.key.fill(0);
    expect(second?.key).to.deep.equal(utf8(KEY));
  });

  const PREVIOUS = { previousKey: OLD_KEY };
  for (const [what, members, says] of [
    ["a member that is not known", { secret: 1 }, "devices[1]: unknown member; allowed are id, name, key"],
    ["an id of another form", { id: "secret:24:0a" }, "devices[1].id: not a device id"],
    ["a key in the id's place", { id: "0123456789abcdef" }, "devices[1].id: not a device id: give six pairs"],
    ["a default entry", { id: "*" }, 'devices[1].id: "*" is not allowed in a file: give each'],
    [
      "an id that is there already",
      { id: "02:00:00:00:00:0A" },
      "devices[1].id: duplicate device 02:00:00:00:00:0a, first",
    ],
    ["a short key", { key: "secret-secret15" }, "devices[1].key: the PSK has 15 bytes; at least 16 are needed"],
    ["a short hex key", { key: `hex:${"00".repeat(15)}` }, "devices[1].key: the PSK has 15 bytes"],
    ["a hex key that is none", { key: "hex:secret" }, "devices[1].key: a hex key is an even number of the digits"],
    [
      "half a character in a key",
      { key: `${KEY}\ud800` },
      "devices[1].key: invalid \\u escape: half of a surrogate pair",
    ],
    ["a key that is a number", { key: 12345 }, "devices[1].key: expected a string, found a number"],
    ["a key that is a list", { key: [1, 2] }, "devices[1].key: expected a string, found a list"],
    ["a name that is no text", { name: null }, "devices[1].name: expected a string, found null"],
    ["a long name", { name: "n".repeat(101) }, "devices[1].name: 101 characters is too long; the limit is 100"],
    ["a switch that is a text", { enabled: "true" }, "devices[1].enabled: expected true or false, found a string"],
    ["an unknown cipher", { cipher: "secret" }, "devices[1].cipher: unknown cipher: give aes-256-gcm or"],
    ["a previous key without an expiry", PREVIOUS, "devices[1].previousKey: previousKeyExpires is missing"],
    [
      "an expiry without a previous key",
      { previousKeyExpires: "2026-12-01T00:00:00Z" },
      "devices[1].previousKeyExpires: previousKey is missing",
    ],
    ["a short previous key", { previousKey: "secret" }, "devices[1].previousKey: the PSK has 6 bytes"],
  ] as const) {
    it(`refuses ${what}, and says where`, () => {
      const text = JSON.stringify({ devices: [{ key: KEY, id: "02:00:00:00:00:0a" }, device(members)] }, null, 2);
      expect(complaint(text))
        .to.contain(says)
        .and.to.match(/^line (\d+), column (\d+): /);
    });
  }

  for (const date of [
    "2026-12-01",
    "2026-12-01T00:00:00",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-12-00T00:00:00Z",
    "2026-12-01T25:00:00Z",
    "2026-12-01T00:00:00+99:00",
    "1 December 2026",
    "",
  ]) {
    it(`refuses ${JSON.stringify(date)} as an expiry`, () => {
      const members = { ...PREVIOUS, previousKeyExpires: date };
      expect(complaint(fileWith(device(members)))).to.contain("devices[0].previousKeyExpires: not a valid date");
    });
  }

  for (const [date, meant] of [
    ["2026-12-01T10:30Z", "2026-12-01T10:30:00.000Z"],
    ["2028-02-29T23:59:59.5-05:30", "2028-03-01T05:29:59.500Z"],
  ] as const) {
    it(`takes ${date} as an expiry`, () => {
      const entry = parseKeyFile(fileWith(device({ ...PREVIOUS, previousKeyExpires: date }))).get(ID);
      expect(entry?.previousKeyExpires?.toISOString()).to.equal(meant);
    });
  }

  for (const [what, text, says] of [
    ["a file that is empty", "", "line 1, column 1: expected a value, but the text ends here"],
    ["a file that is a list", "[]", "line 1, column 1: the file: expected an object, found a list"],
    ["a file without devices", "\n{}", 'line 2, column 1: the file lacks "devices"'],
    ["another member", '{"secret": []}', 'line 1, column 2: unknown member; the file holds "devices"'],
    ["devices twice", '{"devices": [],\n "devices": []}', "line 2, column 2: devices: duplicate member"],
    ["devices by id", `{"devices": {"${ID}": {}}}`, "column 13: devices: expected a list, found an object"],
    ["a device that is a text", `{"devices": ["${KEY}"]}`, "column 14: devices[0]: expected an object, found a string"],
    ["a device without an id", `{"devices": [{"key": "${KEY}"}]}`, 'column 14: devices[0]: "id" is missing'],
    ["a device without a key", `{"devices": [{"id": "${ID}"}]}`, 'column 14: devices[0]: "key" is missing'],
    ["a key twice", `{"devices": [{"key": "${KEY}", "key": "${KEY}"}]}`, "column 43: devices[0].key: duplicate member"],
    ["a missing comma", `{"devices": [{"id": "${ID}"\n "key": "${KEY}"}]}`, 'line 2, column 2: expected a ","'],
    ["something after its end", `${fileWith()} {}`, "column 16: expected nothing more"],
  ] as const) {
    it(`refuses ${what}, and says where`, () => {
      expect(complaint(text)).to.contain(says);
    });
  }

  for (const [what, device, says] of [
    ["a line comment", '{"name": "x", // y\n}', "line 1, column 28: JSON has no comments"],
    ["a block comment", '{/* y */ "id": "x"}', "line 1, column 15: JSON has no comments"],
    ["a comma before the end of an object", '{"name": "x",}', "line 1, column 27: expected a member's name in double"],
    ["a comma before the end of a list", `{"id": "${ID}", "key": "${KEY}"},`, "line 1, column 70: expected a value"],
    ["a comma too many", '{"name": "x",, "id": "y"}', "line 1, column 27: expected a member's name in double quotes"],
    ["a missing comma", '{"name": "x"\r\n "id": "y"}', 'line 2, column 2: expected a ","'],
    ["a missing colon", '{"name" "x"}', 'line 1, column 22: expected a ":" after the name'],
    ["single quotes", "{'name': 'x'}", "line 1, column 15: expected a value: text stands in double quotes"],
    ["a name without quotes", '{name: "x"}', "line 1, column 15: expected a value: text stands in double quotes"],
    ["a text over two lines", '{"name": "x\ny"}', "line 1, column 23: this text has no closing quote on its line"],
    ["an unknown escape", '{"name": "x\\x41"}', "line 1, column 23: this text holds a backslash that begins no JSON"],
    ["half an escape", '{"name": "x\\u12"}', "line 1, column 23: this text holds a \\u without four hex digits"],
    ["a tab in a text", '{"name": "x\ty"}', "line 1, column 23: this text holds a control character"],
    ["a word that is none", '{"enabled": yes}', "line 1, column 26: expected a value: text stands in double quotes"],
    ["a space that JSON does not know", '{\u00a0"name": "x"}', "line 1, column 15: expected a value: text stands"],
    ["a byte order mark", '\ufeff{"name": "x"}', "line 1, column 14: expected a value: text stands in double quotes"],
  ] as const) {
    it(`takes nothing but JSON: refuses ${what}, and says where`, () => {
      expect(complaint(`{"devices": [${device}]}`)).to.contain(says);
    });
  }

  it("counts a place in characters, after line breaks of every kind", () => {
    expect(complaint(`{"devices":\r[\r\n{"name": "🔑", x}]}`)).to.match(/^line 3, column 15: /);
  });

  it("points at the very character", () => {
    const text = `{\n  "devices": [\n    { "id": "${ID}", "key": "short" }\n  ]\n}`;
    expect(complaint(text)).to.match(/^line 3, column 41: devices\[0\]\.key: /);
    expect(text.split("\n")[2]?.slice(40)).to.match(/^"short"/);
  });

  it("says where an id that is there twice stood first", () => {
    expect(complaint(`{"devices": [{"id": "${ID}", "key": "${KEY}"},\n{"id": "${ID}"}]}`)).to.match(
      /^line 2, column 8: .* duplicate device .*, first defined at line 1, column 21$/,
    );
  });

  it("refuses a text that is too large, without reading it", () => {
    expect(complaint("[".repeat(MAX_KEY_FILE_BYTES + 1))).to.equal("the file is larger than 16 MiB");
  });

  it("does not recurse: a text of brackets alone is refused like any other", () => {
    expect(complaint(`{"devices": [{"id": ${"[".repeat(1_000_000)}`)).to.contain(
      "devices[0].id: expected a string, found a list",
    );
  });

  /** No message, id or name is made of these letters: one of them in a message is a part of a key. */
  const KEY_LETTERS = ["Q", "X", "Ж", "Я", "ß", "\u{1f511}"];
  const keyText = fc
    .array(fc.constantFrom(...KEY_LETTERS), { minLength: 16, maxLength: 24 })
    .map((all) => all.join(""));
  const entry = fc.record({ key: keyText, previousKey: keyText, name: fc.constantFrom("pump", "fan") });
  const damage = fc.record({
    at: fc.nat(),
    cut: fc.nat(12),
    put: fc.oneof(
      fc.constantFrom(
        ...Array.from('"{}[],:\\/0\n\t'),
        "//",
        "/*",
        "\\u",
        "\\ud800",
        "true",
        "hex:",
        "\ufeff",
        '"key":',
        '"id":',
      ),
      keyText.map((key) => key.slice(0, 3)),
      keyText.map((key) => JSON.stringify(key)),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
  });
  const mutated = fc
    .tuple(fc.array(entry, { minLength: 1, maxLength: 3 }), fc.nat(2), fc.array(damage, { maxLength: 4 }))
    .map(([entries, indent, damages]) => {
      const devices = entries.map((each, index) => ({
        id: `02:00:00:00:00:0${index}`,
        enabled: true,
        previousKeyExpires: "2026-12-01T00:00:00Z",
        ...each,
      }));
      let text = JSON.stringify({ devices }, null, indent);
      for (const { at, cut, put } of damages) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + put + text.slice(start + cut);
      }
      return text;
    });

  it("shows no part of a key, and fails with INVALID_ARG and a place, however a file is mutated", () => {
    let refused = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        try {
          parseKeyFile(text, (warning) => expect(warning).not.to.match(/[QXЖЯß\u{1f511}]/u));
        } catch (error) {
          if (!isUsmpError(error)) throw error;
          refused++;
          expect(error.code).to.equal("INVALID_ARG");
          expect(error.cause).to.equal(undefined);
          expect(`${error.message} ${error.stack ?? ""}`)
            .to.match(/line \d+, column \d+: /)
            .and.not.to.match(/[QXЖЯß\u{1f511}]/u);
        }
      }),
      { seed: 311, numRuns: 3_000 },
    );
    expect(refused).to.be.above(1_500);
  });

  it("takes what JSON.parse takes, with the same keys, and nothing else, however a file is mutated", () => {
    let taken = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        let entries: ReturnType<typeof parseKeyFile>;
        try {
          entries = parseKeyFile(text);
        } catch {
          return;
        }
        taken++;
        const { devices } = JSON.parse(text) as { devices: { id: string; key: string }[] };
        const keys = devices.filter(({ key }) => !key.startsWith("hex:")).map(({ id, key }) => [id, utf8(key)]);
        expect(keys.map(([id]) => [id, entries.get(id as string)?.key])).to.deep.equal(keys);
        expect(entries.size).to.equal(devices.length);
      }),
      { seed: 312, numRuns: 3_000 },
    );
    expect(taken).to.be.above(300);
  });
});
