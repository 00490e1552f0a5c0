import { expect } from "chai";
import { readFileSync } from "node:fs";
import { FrameType, MAX_MESSAGE_LENGTH, MAX_PAYLOAD_LENGTH, MAX_PLAINTEXT_LENGTH } from "../../lib/core/wire.js";

describe("docs/protocol.md", () => {
  const text = readFileSync("docs/protocol.md", "utf8");
  const [, ...sections] = text.split(/^## /m);

  function section(number: number): string {
    return sections[number - 1] ?? "";
  }

  it("numbers its sections as the code cites them", () => {
    expect(sections.map((each) => each.slice(0, each.indexOf(".")))).to.deep.equal([
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
      "9",
    ]);
  });

  it("lists every frame type with its number, and ERROR, which nobody sends", () => {
    const rows = [...section(2).matchAll(/^\| 0x([0-9A-F]{2}) +\| (\w+)/gm)].map(([, hex, name]) => [
      name,
      parseInt(hex!, 16),
    ]);
    expect(Object.fromEntries(rows)).to.deep.equal({ ...FrameType, ERROR: 0xff });
  });

  it("gives the lengths that the library enforces", () => {
    expect(section(1)).to.contain(`0 to ${MAX_PAYLOAD_LENGTH}`);
    expect(section(4)).to.contain(`= **${MAX_PLAINTEXT_LENGTH}** bytes`);
    expect(section(4)).to.contain(`**${MAX_MESSAGE_LENGTH}** bytes`);
  });
});
