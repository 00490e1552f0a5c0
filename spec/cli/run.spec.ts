import { expect } from "chai";
import { readFileSync } from "node:fs";
import { finished } from "./terminal.js";

describe("usmp", () => {
  it("prints help on stdout when asked", async () => {
    const { exitCode, out, err } = await finished(["--help"]);
    expect({ exitCode, err }).to.deep.equal({ exitCode: 0, err: "" });
    expect(out).to.match(/^Usage: usmp /);
    for (const command of ["serve", "connect", "keygen", "init"]) expect(out).to.contain(command);
  });

  for (const [command, options] of [
    ["serve", ["--port", "--host", "--echo", "--psk-file", "--psk", "--cipher", "--keys", "--limit", "USMP_PSK"]],
    [
      "connect",
      [
        "<host[:port]>",
        "--psk-file",
        "--psk",
        "--cipher",
        "--rekey-after",
        "--wait",
        "--reconnect",
        "--device-id",
        "USMP_PSK",
      ],
    ],
    ["keygen", ["--out", "--force", "--keys", "--device", "--name", "--rotate"]],
    ["init", ["<folder>"]],
  ] as const) {
    it(`prints the help of ${command}, with its options`, async () => {
      const { exitCode, out } = await finished([command, "--help"]);
      expect(exitCode).to.equal(0);
      for (const option of options) expect(out).to.contain(option);
      expect(await finished(["help", command])).to.deep.include({ exitCode: 0, out });
    });
  }

  it("prints the package's version", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await finished(["--version"])).to.deep.equal({ exitCode: 0, out: `${version}\n`, err: "" });
  });

  it("prints help on stderr and fails where no command is given", async () => {
    const { exitCode, out, err } = await finished([]);
    expect({ exitCode, out }).to.deep.equal({ exitCode: 2, out: "" });
    expect(err).to.match(/^Usage: usmp /);
  });

  const KEY = { USMP_PSK: "0123456789abcdef" };
  for (const [what, argv, said] of [
    ["an unknown command", ["sevre"], /unknown command 'sevre'.*serve/],
    ["an unknown option", ["serve", "--prot", "1"], /unknown option '--prot'.*--port/],
    ["an option without its value", ["serve", "--port"], /argument missing/],
    ["an argument too many", ["keygen", "a-key"], /too many arguments/],
    [
      "a port that is no number",
      ["serve", "--port", "ninety"],
      /"ninety" is not a port: give a number from 0 to 65535/,
    ],
    ["a port over 65535", ["serve", "--port", "65536"], /"65536" is not a port/],
    ["an unknown cipher", ["serve", "--cipher", "rot13"], /aes-256-gcm, chacha20-poly1305/],
    ["an unknown cipher of a gateway", ["connect", "localhost", "--cipher", "rot13"], /aes-256-gcm, chacha20-poly1305/],
    ["one cipher twice", ["serve", "--cipher", "aes-256-gcm", "--cipher", "aes-256-gcm"], /give each once/],
    [
      "an age that is not a valid time",
      ["connect", "localhost", "--rekey-after", "soon"],
      /"soon" is not a valid time/,
    ],
    ["no folder for a project", ["init"], /missing required argument 'folder'/],
    ["no address to connect to", ["connect"], /missing required argument 'host\[:port\]'/],
    ["port 0 to connect to", ["connect", "localhost:0"], /"0" is not a port: give a number from 1 to 65535/],
    ["a wildcard to connect to", ["connect", "0.0.0.0"], /0\.0\.0\.0 is an address to listen on/],
    ["a URL to connect to", ["connect", "tcp://gateway"], /is not an address/],
    ["a negative wait", ["connect", "localhost", "--wait", "-1"], /"-1" is not a valid time/],
    ["a wait that no timer can hold", ["connect", "localhost", "--wait", "2147483648"], /is not a valid time/],
    ["a bad device id", ["connect", "localhost", "--device-id", "24:0a"], /deviceId is "24:0a"/],
  ] as const) {
    it(`refuses ${what} as wrong usage, in one line`, async () => {
      const { exitCode, out, err } = await finished(argv, { env: KEY });
      expect({ exitCode, out }).to.deep.equal({ exitCode: 2, out: "" });
      expect(err)
        .to.match(said)
        .and.to.match(/^usmp: [^\n]*\n$/);
    });
  }

  it("escapes what it repeats of the command line", async () => {
    const { err } = await finished(["connect\u001b[31m"]);
    expect(err).to.contain("\\x1b[31m").and.not.to.contain("\u001b");
  });
});
