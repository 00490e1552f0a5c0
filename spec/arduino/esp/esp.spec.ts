import { expect } from "chai";

import { ESP, esp_fill_random, esp_random, esp_restart } from "../../../lib/arduino/esp/esp.js";
import { ESP_RST_DEEPSLEEP, ESP_RST_SW, esp_reset_reason } from "../../../lib/arduino/esp/sleep.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";
import { runLives } from "../lives.js";
import { EVEN } from "../../support/even-time.js";

/** Why the second life began, after `end` has ended the first one. */
async function secondLifeAfter(end: () => void): Promise<number | undefined> {
  const reasons: number[] = [];
  const board = new VirtualBoard(EVEN);
  await board.start(() => ({
    setup: () => {
      reasons.push(esp_reset_reason());
      if (reasons.length === 1) end();
    },
  }));
  await board.advance(50);
  return reasons[1];
}

describe("ESP", () => {
  it("begins a new life by a restart, or a sleep", async () => {
    expect(await secondLifeAfter(() => ESP.restart())).to.equal(ESP_RST_SW);
    expect(await secondLifeAfter(() => esp_restart())).to.equal(ESP_RST_SW);
    expect(await secondLifeAfter(() => ESP.deepSleep(1_000))).to.equal(ESP_RST_DEEPSLEEP);
  });

  it("has the device id as a number, its first byte lowest", async () => {
    const seen: bigint[] = [];
    await runLives(
      [() => void seen.push(ESP.getEfuseMac())],
      new VirtualBoard({ ...EVEN, deviceId: "24:0a:c4:01:02:03" }),
    );
    expect(seen).to.deep.equal([0x030201c40a24n]);
  });

  it("tells of a common ESP32", () => {
    expect([ESP.getChipModel(), ESP.getChipCores(), ESP.getChipRevision(), ESP.getCpuFreqMHz()]).to.deep.equal([
      "ESP32-D0WDQ6",
      2,
      1,
      240,
    ]);
    expect([ESP.getFlashChipSize(), ESP.getPsramSize(), ESP.getFreePsram()]).to.deep.equal([4_194_304, 0, 0]);
    expect(ESP.getSdkVersion()).to.equal(`Node.js ${process.version}`);
  });

  it("has always the same memory", () => {
    expect(ESP.getFreeHeap()).to.be.below(ESP.getHeapSize());
    expect(ESP.getMaxAllocHeap()).to.be.below(ESP.getFreeHeap());
    expect(ESP.getMinFreeHeap()).to.equal(ESP.getFreeHeap());
  });

  it("counts cycles with the time", async () => {
    const seen: number[] = [];
    const board = new VirtualBoard(EVEN);
    await board.start({ loop: () => void seen.push(ESP.getCycleCount()) });
    await board.advance(2);
    expect(seen[1]! - seen[0]!).to.equal(240_000);
  });

  it("draws the same random numbers for the same seed", async () => {
    const draw = async (seed: number): Promise<unknown[]> => {
      const seen: unknown[] = [];
      const buffer = new Uint8Array(8);
      await runLives(
        [
          () => {
            seen.push(esp_random());
            esp_fill_random(buffer, 6);
            seen.push([...buffer]);
          },
        ],
        new VirtualBoard({ ...EVEN, seed }),
      );
      return seen;
    };
    const [number, bytes] = await draw(7);
    expect(await draw(7)).to.deep.equal([number, bytes]);
    expect(await draw(8)).to.not.deep.equal([number, bytes]);
    expect(number).to.satisfy((n: number) => Number.isInteger(n) && n >= 0 && n < 2 ** 32);
    expect((bytes as number[]).slice(6)).to.deep.equal([0, 0]);
  });
});
