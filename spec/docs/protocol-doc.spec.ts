import { expect } from "chai";
import { readFileSync } from "node:fs";
import { FrameType, MAX_MESSAGE_LENGTH, MAX_PAYLOAD_LENGTH, MAX_PLAINTEXT_LENGTH } from "../../lib/core/wire/wire.js";

describe("docs/protocol.md", () => {
  const text = readFileSync("docs/protocol.md", "utf8");
  const sections = text.split(/^## (?=\d)/m).slice(1);

  function section(number: number): string {
    return sections[number - 1] ?? "";
  }

  it("numbers its sections and subsections in order, so that a citation stays right", () => {
    expect(sections.length).to.be.greaterThan(8);
    sections.forEach((each, index) => {
      expect(each).to.match(new RegExp(`^${index + 1}\\. `));
      const subsections = [...each.matchAll(/^### (\S+) /gm)].map(([, number]) => number);
      expect(subsections).to.deep.equal(subsections.map((_, below) => `${index + 1}.${below + 1}`));
    });
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

  it("shows a recorded connection byte for byte", () => {
    const { transcripts } = JSON.parse(readFileSync("spec/vectors/transcripts.json", "utf8")) as Recorded;
    const [{ frames, client_private, server_private, keys }] = transcripts;
    const shown = [...section(10).matchAll(/^(?:client|server) {2}[A-Z_]+((?:\s+[0-9a-f]+)+)$/gm)].map(([, hex]) =>
      hex!.replace(/\s/g, ""),
    );
    expect(shown).to.have.length(6);
    expect(shown).to.deep.equal(frames.slice(0, shown.length).map(({ frame }) => frame));
    for (const key of [client_private, server_private, keys.k_c2s, keys.k_s2c]) expect(section(10)).to.contain(key);
  });
});

interface Recorded {
  readonly transcripts: readonly [
    {
      readonly frames: readonly { readonly frame: string }[];
      readonly client_private: string;
      readonly server_private: string;
      readonly keys: { readonly k_c2s: string; readonly k_s2c: string };
    },
  ];
}
