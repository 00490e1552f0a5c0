import { expect } from "chai";

import { USMPClient } from "../../../lib/arduino/client/usmp-client.js";
import { USMP } from "../../../lib/arduino/client/usmp.js";
import { WIFI_STA, WL_CONNECTED, WL_DISCONNECTED, WiFi } from "../../../lib/arduino/wifi/wifi.js";
import { TestGateway } from "../../../lib/testing/test-gateway.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { runLives } from "../lives.js";
import { rejection } from "../rejection.js";

describe("WiFi", () => {
  it("is connected from begin to disconnect", async () => {
    const seen: unknown[] = [];
    await runLives([
      async () => {
        seen.push(WiFi.status(), WiFi.begin("net", "password"), WiFi.isConnected(), await WiFi.waitForConnectResult());
        seen.push(WiFi.disconnect(true), WiFi.status(), WiFi.reconnect(), WiFi.status());
      },
      () => void seen.push(WiFi.status()),
    ]);
    expect(seen).to.deep.equal([
      WL_DISCONNECTED,
      WL_CONNECTED,
      true,
      WL_CONNECTED,
      true,
      WL_DISCONNECTED,
      true,
      WL_CONNECTED,
      WL_DISCONNECTED,
    ]);
  });

  it("is connected from a usmp.begin() on that joins a WiFi, and not from one that does not", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        const usmp = new USMPClient("a key that nobody uses here");
        usmp.beginAsync(USMP.TCP("host"));
        seen.push(WiFi.status());
        usmp.beginAsync(USMP.TCP("host").wifi("net", "password"));
        seen.push(WiFi.status(), WiFi.SSID().c_str(), WiFi.getMode(), WiFi.RSSI());
      },
    ]);
    expect(seen).to.deep.equal([WL_DISCONNECTED, WL_CONNECTED, "net", WIFI_STA, -50]);
  });

  it("tells of the network while it is connected", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        seen.push(WiFi.SSID().c_str(), WiFi.RSSI(), WiFi.localIP().printedText);
        WiFi.begin("net");
        seen.push(WiFi.SSID().c_str(), WiFi.RSSI(), WiFi.localIP().printedText === "0.0.0.0");
      },
    ]);
    expect(seen).to.deep.equal(["", 0, "0.0.0.0", "net", -50, false]);
  });

  it("follows the network of a virtual board", async () => {
    const gateway = new TestGateway({ psk: "a key that nobody uses here" });
    let latest: unknown[] = [];
    const board = new VirtualBoard({ gateway });
    await board.start({
      setup: () => void WiFi.begin("net"),
      loop: () => void (latest = [WiFi.status(), WiFi.localIP().printedText]),
    });
    const seen: unknown[] = [];
    for (const change of [() => {}, () => gateway.loseNetwork(), () => gateway.restoreNetwork()]) {
      change();
      await board.advance(2);
      seen.push(latest);
    }
    await board.stop();
    await gateway.close();
    expect(seen).to.deep.equal([
      [WL_CONNECTED, "192.168.1.100"],
      [WL_DISCONNECTED, "0.0.0.0"],
      [WL_CONNECTED, "192.168.1.100"],
    ]);
  });

  it("has the board's device id as its address", async () => {
    const seen: string[] = [];
    await runLives(
      [() => void seen.push(WiFi.macAddress().c_str())],
      new VirtualBoard({ deviceId: "24:0a:c4:01:02:03" }),
    );
    expect(seen).to.deep.equal(["24:0A:C4:01:02:03"]);
  });

  it("takes settings that have no effect", async () => {
    const seen: unknown[] = [];
    await runLives([
      () => {
        WiFi.persistent(false);
        seen.push(WiFi.mode(WIFI_STA), WiFi.getMode(), WiFi.setSleep(false), WiFi.setAutoReconnect(true));
        seen.push(WiFi.getHostname(), WiFi.setHostname("roof"), WiFi.getHostname());
      },
    ]);
    expect(seen).to.deep.equal([true, WIFI_STA, true, true, "esp32", true, "roof"]);
  });

  it("finds a loop that waits for it without await", async () => {
    const setup = (): void => { while (!WiFi.isConnected()); }; // prettier-ignore
    const error = await rejection(new VirtualBoard().start({ setup }));
    expect(error.message).to.include("setup(): looked 1000000 times");
  });
});
