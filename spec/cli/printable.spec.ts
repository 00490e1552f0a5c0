import { expect } from "chai";
import { printable } from "../../lib/cli/printable.js";

describe("printable", () => {
  const shown = (text: string): string => printable(Buffer.from(text));

  it("leaves text as it is", () => {
    const text = "21.5 °C, \\ok, приве́т, 日本語, 👩‍🔬";
    expect(shown(text)).to.equal(text);
    expect(shown("")).to.equal("");
  });

  it("escapes every control character", () => {
    const controls = [...Array(32).keys(), ...Array.from({ length: 33 }, (_, index) => 0x7f + index)];
    for (const code of controls) {
      expect(shown(String.fromCodePoint(code)), code.toString(16)).to.match(/^\\(n|r|t|x[0-9a-f]{2})$/);
    }
    expect(shown("a\r\n\tb\u001b[2J\u0007\u009b")).to.equal("a\\r\\n\\tb\\x1b[2J\\x07\\x9b");
  });

  it("escapes what reorders or hides text, and line separators", () => {
    expect(shown("\u202etxt.exe\u2066\u200b\ufeff\u2028\u{e0041}")).to.equal(
      "\\u{202e}txt.exe\\u{2066}\\u{200b}\\u{feff}\\u{2028}\\u{e0041}",
    );
  });

  it("shows what is no UTF-8 as hex", () => {
    expect(printable(Uint8Array.of(0x00, 0xff, 0x1b))).to.equal("hex:00ff1b");
  });
});
