import { expect } from "chai";
import { readLines } from "../../lib/cli/lines.js";

describe("readLines", () => {
  async function linesOf(chunks: readonly (string | Uint8Array)[], maxBytes = 8): Promise<(string | number)[]> {
    async function* stream(): AsyncGenerator<string | Uint8Array> {
      yield* chunks;
    }
    const lines: (string | number)[] = [];
    for await (const line of readLines(stream(), maxBytes)) {
      lines.push("bytes" in line ? Buffer.from(line.bytes).toString("latin1") : line.tooLong);
    }
    return lines;
  }

  it("takes LF and CR LF as a line's end, and a last line without", async () => {
    expect(await linesOf(["one\ntwo\r\n\n\r\nlast"])).to.deep.equal(["one", "two", "", "", "last"]);
  });

  it("yields nothing for an empty stream, nor after the last line's end", async () => {
    expect(await linesOf([])).to.deep.equal([]);
    expect(await linesOf(["one\n", ""])).to.deep.equal(["one"]);
  });

  it("yields the same wherever the stream is cut", async () => {
    const text = "one\r\ntwo\n\nfour";
    for (let cut = 0; cut <= text.length; cut++) {
      expect(await linesOf([text.slice(0, cut), text.slice(cut)])).to.deep.equal(["one", "two", "", "four"]);
    }
    expect(await linesOf(text.split(""))).to.deep.equal(["one", "two", "", "four"]);
  });

  it("keeps bytes that are no text, and a CR that is not at the end", async () => {
    expect(await linesOf([Uint8Array.of(0xff, 0x0d, 0x00, 0x0a)])).to.deep.equal(["\xff\r\0"]);
    expect(await linesOf(["a\r"])).to.deep.equal(["a\r"]);
  });

  it("counts a line that is too long, and goes on with the next", async () => {
    expect(await linesOf(["12345678\n123456789\n", "12345", "67890", "12\nok\n"])).to.deep.equal([
      "12345678",
      9,
      12,
      "ok",
    ]);
    expect(await linesOf(["12345678\r\n123456789\r\n12345678\r"])).to.deep.equal(["12345678", 10, 9]);
  });
});
