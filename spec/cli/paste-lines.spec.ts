import { expect } from "chai";
import { pasteLines } from "../../lib/cli/paste-lines.js";

const KEY = "0123456789abcdef".repeat(4);

describe("pasteLines", () => {
  it("gives the exact lines for a board, a script and a shell", () => {
    expect(pasteLines({ key: KEY, address: "192.168.1.7", port: 9000, cipher: "aes-256-gcm" }).slice(1)).to.deep.equal([
      "Arduino:",
      `  USMPClient usmp("${KEY}");`,
      '  usmp.begin(USMP::TCP("192.168.1.7").wifi(WIFI_SSID, WIFI_PASS));',
      "TypeScript:",
      `  const usmp = new Usmp("${KEY}");`,
      '  await usmp.begin(Usmp.TCP("192.168.1.7"));',
      "Shell:",
      `  USMP_PSK=${KEY} usmp connect 192.168.1.7`,
    ]);
  });

  it("names the command that the program was started with", () => {
    const lines = pasteLines({ key: KEY, address: "::1", port: 9000, cipher: "aes-256-gcm", program: "npx usmp" });
    expect(lines[0]).to.contain("npx usmp keygen --out FILE");
    expect(lines.at(-1)).to.equal(`  USMP_PSK=${KEY} npx usmp connect ::1`);
  });

  it("names the port where it is not the default one", () => {
    const text = pasteLines({ key: KEY, address: "::1", port: 9001, cipher: "aes-256-gcm" }).join("\n");
    expect(text).to.contain('USMP::TCP("::1", 9001)').and.to.contain('Usmp.TCP("::1", 9001)');
    expect(text).to.contain("usmp connect [::1]:9001");
  });

  it("names the other cipher, and leaves out boards, which do not speak it", () => {
    const text = pasteLines({ key: KEY, address: "::1", port: 9000, cipher: "chacha20-poly1305" }).join("\n");
    expect(text).to.contain('{ cipher: "chacha20-poly1305" }').and.to.contain("--cipher chacha20-poly1305");
    expect(text).not.to.contain("Arduino");
  });

  it("names the device where the key is one device's own", () => {
    const lines = pasteLines({
      key: KEY,
      address: "::1",
      port: 9000,
      cipher: "aes-256-gcm",
      deviceId: "24:0a:c4:01:02:03",
    });
    expect(lines[0]).to.equal(`key of 24:0a:c4:01:02:03: ${KEY}`);
    expect(lines).to.include(`  const usmp = new Usmp("${KEY}", { deviceId: "24:0a:c4:01:02:03" });`);
    expect(lines.at(-1)).to.equal(`  USMP_PSK=${KEY} usmp connect ::1 --device-id 24:0a:c4:01:02:03`);
  });
});
