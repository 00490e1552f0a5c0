import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as constants from "../../lib/arduino/client/constants.js";
import { USMP_ERROR_CODES } from "../../lib/errors.js";

/** Compiled or not, as this spec itself is: the texts are in either. */
const LIBRARY = new URL("../../lib/", import.meta.url);
const SOURCES = readdirSync(LIBRARY, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.[tj]s$/.test(file))
  .map((file) => readFileSync(new URL(file.replaceAll("\\", "/"), LIBRARY), "utf8"))
  .join("\n");

describe("docs/arduino-esp32.md", () => {
  const document = readFileSync("docs/arduino-esp32.md", "utf8");
  const troubles = [...document.split("## When it fails")[1]!.matchAll(/^\|(.*)\|$/gm)]
    .map(([, row]) => row!.split("|").map((cell) => cell.trim()))
    .filter((row): row is [string, string, string] => row.length === 3)
    .slice(2);

  it("has a table of troubles", () => {
    expect(troubles).to.have.length.above(15);
  });

  it("quotes the gateway as it speaks", () => {
    const quotes = troubles.flatMap(([, gateway]) => [...gateway.matchAll(/`([^`]+)`/g)].map(([, quote]) => quote!));
    expect(quotes).to.have.length.above(8);
    // "…", <id> and numbers stand for what differs each time.
    const parts = quotes
      .flatMap((quote) => quote.split(/…|<id>|from|left: |\d+/))
      .map((part) => part.replace(/^[:\s]+|[:\s]+$/g, ""));
    for (const part of parts.filter((text) => text !== "")) expect(SOURCES).to.contain(part);
  });

  it("names error codes that there are", () => {
    const codes = troubles
      .flatMap(([, gateway]) => [...gateway.matchAll(/\(([A-Z, ]+)\)/g)])
      .flatMap(([, list]) => list!.split(", "));
    expect(codes).to.include.members(["AUTH", "VERSION", "LIMIT", "SUPERSEDED"]);
    for (const code of codes) expect(USMP_ERROR_CODES).to.include(code);
  });

  it("gives the C core's numbers their names", () => {
    const numbers = Object.entries(constants).filter(([name]) => /^USMP_(OK|ERR_\w+)$/.test(name));
    expect(numbers).to.have.lengthOf(11);
    for (const [name, number] of numbers) expect(document).to.match(new RegExp(`\\| ${number} +\\| \`${name}\``));
  });

  /** What the board says, where the gateway says `gateway`. */
  function boardSays(gateway: RegExp): string {
    return troubles
      .filter((row) => gateway.test(row[1]))
      .map((row) => `${row[0]}: ${row[2]}`)
      .join("\n");
  }

  it("tells a wrong key over TCP and over UDP", () => {
    expect(boardSays(/AUTH/))
      .to.match(/Timeout waiting for SESSION_OK`, -4/)
      .and.to.match(/Failed to send HELLO_ACK`, -2, after some 15 s/);
  });

  it("blames no keepalive for a loss that the gateway's own PINGs prevent", () => {
    expect(boardSays(/the peer has shown no sign of life/)).to.not.match(/60 s/);
  });

  it("tells what one sees of the C core's own faults: a rotation under traffic, a HELLO_RETRY that was lost", () => {
    const text = troubles.map((row) => row.join(" ")).join("\n");
    expect(text)
      .to.match(/Decryption failed`, -8.*usmp_rekey\(\)/)
      .and.to.match(/Timeout waiting for CHALLENGE`, -4, after 5 s.*HELLO_RETRY/);
  });

  it("shows a sketch that is C++ for the board's names, where there is a compiler", function () {
    if (spawnSync("g++", ["--version"]).error !== undefined) this.skip();
    const [secrets, sketch] = [...document.matchAll(/^```cpp\n([^]*?)^```$/gm)].map(([, code]) => code!);
    const folder = mkdtempSync(join(tmpdir(), "usmp-spec-"));
    writeFileSync(join(folder, "secrets.h"), secrets!);
    writeFileSync(join(folder, "sketch.cpp"), sketch!);
    const options = ["-fsyntax-only", "-std=gnu++17", "-Wall", "-Werror", "-include", "Arduino.h"];
    const headers = ["-Ispec/support/arduino-headers", `-I${folder}`];
    const { stderr } = spawnSync("g++", [...options, ...headers, join(folder, "sketch.cpp")]);
    rmSync(folder, { recursive: true });
    expect(stderr.toString()).to.equal("");
  });

  it("shows the sketch whose twin usmp init writes: it says the same words", () => {
    const twin = readFileSync("templates/device/device.ts", "utf8");
    const sketch = /^```cpp\n#include <USMP.h>[^]*?^```$/m.exec(document)![0];
    const words = [...sketch.matchAll(/(?:send|==) ?\(?"([^"]+)"/g)].map(([, word]) => word!);
    expect(words).to.include.members(["hello", "on", "off", "light ", "button", "up for "]);
    for (const word of words) expect(twin).to.match(new RegExp(`["\`]${word}`));
  });
});
