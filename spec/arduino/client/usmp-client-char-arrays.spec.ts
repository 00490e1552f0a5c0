import { expect } from "chai";
import { USMPClientStatic } from "../../../lib/arduino/client/usmp-client-static.js";
import { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { USMP } from "../../../lib/arduino/client/usmp.js";
import { Serial } from "../../../lib/arduino/serial/hardware-serial.js";
import { EEPROM } from "../../../lib/arduino/storage/eeprom.js";
import { Preferences } from "../../../lib/arduino/storage/preferences.js";
import { charArray } from "../../../lib/arduino/text/char-array.js";
import { snprintf, strlen } from "../../../lib/arduino/text/c-strings.js";
import { PSK, SketchRig } from "../../support/sketch-rig.js";

describe("a char array of a sketch", () => {
  let rig: SketchRig;

  async function running(client: () => USMPClient = () => new USMPClient(PSK)): Promise<USMPClient> {
    rig = await new SketchRig({ client }).start();
    return rig.usmp;
  }

  afterEach(() => rig.end());

  it("is sent up to its NUL, printed, or with its length", async () => {
    const usmp = await running();
    const line = charArray(64);
    snprintf(line, line.length, "Hello #%d", 7);
    usmp.send(line);
    usmp.send(line, strlen(line));
    usmp.print(line);
    usmp.flush();
    usmp.println(line);
    usmp.printf("%s!\n", line);
    await rig.board.advance(10);
    expect(rig.gateway.messages.map(({ text }) => text)).to.deep.equal([
      "Hello #7",
      "Hello #7",
      "Hello #7",
      "Hello #7\r\n",
      "Hello #7!\n",
    ]);
  });

  it("is sent with its NULs where a length asks for them", async () => {
    const usmp = await running();
    usmp.send(charArray(4, "on"), 4);
    expect(await rig.gateway.nextBytes()).to.deep.equal(Buffer.from("on\0\0"));
  });

  it("is read into, and is the text of the message then", async () => {
    const usmp = await running();
    const line = charArray(16);
    usmp.onMessage(null);
    rig.gateway.send("off");
    await rig.board.advance(5);
    expect(usmp.read(line)).to.equal(3);
    expect(line.toString()).to.equal("off");
  });

  for (const [what, client] of [
    ["a USMPClient", () => new USMPClient(charArray(128, PSK))],
    ["a USMPClient with a buffer", () => new USMPClient(charArray(128, PSK), new Uint8Array(64), 64)],
    ["a USMPClient, with its length", () => new USMPClient(charArray(`${PSK} and more`), PSK.length)],
    ["a USMPClientStatic", () => new USMPClientStatic(charArray(128, PSK))],
    ["a USMPClientStatic, with its length", () => new USMPClientStatic(charArray(`${PSK} and more`), PSK.length)],
  ] as const) {
    it(`is the key of ${what}, up to its NUL`, async () => {
      await running(client);
      expect(rig.begun).to.equal(true);
    });
  }

  it("names a host, and is what Serial looks for", async () => {
    await running();
    expect(USMP.TCP(charArray(32, "192.168.1.100")).host).to.equal("192.168.1.100");
    const found: boolean[] = [];
    await rig.board.stop();
    await rig.board.start({
      setup: async () => {
        Serial.begin(115200);
        found.push(await Serial.find(charArray(8, "OK")));
      },
    });
    rig.board.serial.type("...OK");
    await rig.board.advance(10);
    expect(found).to.deep.equal([true]);
  });

  it("is kept in flash as text", async () => {
    await running();
    const kept: string[] = [];
    await rig.board.stop();
    await rig.board.start({
      setup: () => {
        const preferences = new Preferences();
        preferences.begin("settings");
        preferences.putString("name", charArray(32, "roof"));
        kept.push(preferences.getString("name").c_str());
        EEPROM.begin(64);
        EEPROM.writeString(0, charArray(32, "cellar"));
        kept.push(EEPROM.readString(0).c_str());
      },
    });
    expect(kept).to.deep.equal(["roof", "cellar"]);
  });
});
