import { expect } from "chai";
import fc from "fast-check";
import { JsonScanner } from "../../../lib/gateway/keys/json-scanner.js";
import { expectCode } from "../../support/core-errors.js";

/** Reads whatever comes, as `JSON.parse` does; the last of two members of one name wins there, too. */
function readAll(scanner: JsonScanner): unknown {
  switch (scanner.peek()) {
    case "object": {
      const members: [string, unknown][] = [];
      for (const { name } of scanner.members()) members.push([name, readAll(scanner)]);
      return Object.fromEntries(members);
    }
    case "array": {
      const items: unknown[] = [];
      for (const index of scanner.items()) items[index] = readAll(scanner);
      return items;
    }
    case "string":
      return scanner.string();
    case "number":
      return scanner.number();
    case "boolean":
      return scanner.boolean();
    case "null":
      return scanner.null();
  }
}

function read(text: string): unknown {
  const scanner = new JsonScanner(text);
  const value = readAll(scanner);
  scanner.end();
  return value;
}

function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function expectAgreement(text: string): void {
  const reference = parsed(text);
  if (reference === null)
    expect(expectCode(() => read(text), "INVALID_ARG").message).to.match(/^line \d+, column \d+: /);
  else expect(read(text)).to.deep.equal(reference.value);
}

describe("JsonScanner", () => {
  it("reads every value that JSON.parse reads, and no other text", () => {
    const spaced = fc.tuple(fc.jsonValue(), fc.nat(4));
    fc.assert(
      fc.property(spaced, ([value, indent]) => expectAgreement(JSON.stringify(value, null, indent))),
      { seed: 301, numRuns: 200 },
    );
  });

  it("agrees with JSON.parse on texts that were damaged in one place", () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.nat(3),
      fc.constantFrom("", '"', "\\", ",", "}", "]", "0", "\n", "e", "\ud800"),
    );
    fc.assert(
      fc.property(fc.json(), damage, (text, [where, cut, inserted]) => {
        const at = where % (text.length + 1);
        expectAgreement(text.slice(0, at) + inserted + text.slice(at + cut));
      }),
      { seed: 302, numRuns: 2_000 },
    );
  });

  it("agrees with JSON.parse on any row of the characters that JSON is made of", () => {
    const pieces = ["{", "}", "[", "]", '"', ":", ",", "\\", "\\u", "00e9", "1", "0", "-", "+", ".", "e", "E", "true"];
    const piece = fc.constantFrom(
      ...pieces,
      "false",
      "null",
      " ",
      "\n",
      "\r",
      "\t",
      "\u0000",
      "\u00a0",
      "\ufeff",
      "a",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (row) => expectAgreement(row.join(""))),
      { seed: 303, numRuns: 5_000 },
    );
  });

  for (const [what, text, place] of [
    ["nothing", "", "line 1, column 1: expected a value, but the text ends here"],
    ["a comma before the end of a list", "[1,\n 2,\n]", "line 3, column 1: expected a value"],
    ["a comma before the end of an object", '{"a": 1,}', "line 1, column 9: expected a member's name in double quotes"],
    ["a missing comma", '{"a": 1\r\n "b": 2}', 'line 2, column 2: expected a "," or the object\'s end'],
    ["a missing colon", '{"a" 1}', 'line 1, column 6: expected a ":" after the name'],
    ["a list without an end", "[1", 'line 1, column 3: expected a "," or the list\'s end, but the text ends here'],
    ["a text without an end", '\r\r  "abc', "line 3, column 3: a text begins here and has no end"],
    ["a text over two lines", '"a\nb"', "line 1, column 3: a text holds a line break"],
    ["an unknown escape", '"a\\x41"', "line 1, column 3: this backslash begins no escape"],
    ["half an escape", '"\\u12', "line 1, column 2: this backslash begins no escape"],
    ["a number without digits", "-", "line 1, column 2: expected a digit, but the text ends here"],
    ["a word that is none", "[nil]", 'line 1, column 2: expected "null"'],
    ["more than one value", '"🔑" 1', "line 1, column 5: expected nothing more"],
    ["single quotes", "{'a': 1}", "line 1, column 2: expected a member's name in double quotes"],
    ["a comment", "[1, // one\n2]", "line 1, column 5: expected a value"],
  ] as const) {
    it(`says where it found ${what}`, () => {
      const { message } = expectCode(() => read(text), "INVALID_ARG");
      expect(message.slice(0, place.length)).to.equal(place);
    });
  }

  it("repeats nothing of the text", () => {
    for (const text of [
      '{"devices" secret-secret',
      '"secret-secret',
      "secret-secret",
      '{"secret-secret", 1}',
      "trsecret-secret",
    ])
      expect(expectCode(() => read(text), "INVALID_ARG").message).not.to.contain("secret");
  });
});
