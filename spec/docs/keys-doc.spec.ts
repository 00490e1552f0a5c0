/** docs/keys.md and the parser say the same. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { parseKeyFile } from "../../lib/gateway/keys/key-file-parser.js";
import { expectCode } from "../support/core-errors.js";

const TEXT = readFileSync("docs/keys.md", "utf8");

describe("docs/keys.md", () => {
  const [, example] = /^```json\n([^]*?)^```$/m.exec(TEXT) as unknown as [string, string];

  it("shows a file that can be read", () => {
    const [device] = [...parseKeyFile(example)];
    expect(device?.[0]).to.equal("24:0a:c4:01:02:03");
  });

  it("lists every member that there is, and no other", () => {
    const listed = [...TEXT.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name as string);
    const { message } = expectCode(() => parseKeyFile('{"devices": [{"?": 1}]}'), "INVALID_ARG");
    expect(listed.sort()).to.deep.equal(
      message
        .replace(/^.*allowed are /, "")
        .split(", ")
        .sort(),
    );
    const shown = Object.keys((JSON.parse(example) as { devices: [object] }).devices[0]);
    expect(shown.sort()).to.deep.equal(listed);
  });
});
