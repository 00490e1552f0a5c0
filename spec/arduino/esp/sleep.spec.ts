import { expect } from "chai";

import * as sleep from "../../../lib/arduino/esp/sleep.js";
import { VirtualBoard } from "../../../lib/testing/virtual-board.js";

const LONG_MS = 60_000;
const { ESP_ERR_INVALID_ARG, ESP_ERR_INVALID_STATE, ESP_OK } = sleep;

/** A board whose sketch notes, in each life, why it began, and then does `code`. */
async function sleeper(code: (life: number) => void): Promise<{ board: VirtualBoard; reasons: number[][] }> {
  const reasons: number[][] = [];
  const board = new VirtualBoard();
  await board.start({
    setup: () => {
      reasons.push([sleep.esp_sleep_get_wakeup_cause(), sleep.esp_reset_reason()]);
      code(reasons.length);
    },
  });
  return { board, reasons };
}

const POWER_ON = [sleep.ESP_SLEEP_WAKEUP_UNDEFINED, sleep.ESP_RST_POWERON];
const BY_TIMER = [sleep.ESP_SLEEP_WAKEUP_TIMER, sleep.ESP_RST_DEEPSLEEP];
const BY_PIN = [sleep.ESP_SLEEP_WAKEUP_EXT0, sleep.ESP_RST_DEEPSLEEP];

describe("deep sleep", () => {
  it("ends after the time that was enabled", async () => {
    const { board, reasons } = await sleeper((life) => {
      if (life > 1) return;
      sleep.esp_sleep_enable_timer_wakeup(10_000_000n);
      sleep.esp_deep_sleep_start();
    });
    expect(board.state).to.equal("sleeping");
    await board.advance(9_999);
    expect(reasons).to.deep.equal([POWER_ON]);
    await board.advance(10);
    expect(reasons).to.deep.equal([POWER_ON, BY_TIMER]);
  });

  it("ends at the level of a pin", async () => {
    const { board, reasons } = await sleeper((life) => {
      if (life > 1) return;
      sleep.esp_sleep_enable_timer_wakeup(LONG_MS * 1_000);
      sleep.esp_sleep_enable_ext0_wakeup(33, 1);
      sleep.esp_deep_sleep_start();
    });
    await board.advance(100);
    board.setInput(33, 1);
    await board.advance(10);
    expect(reasons).to.deep.equal([POWER_ON, BY_PIN]);
  });

  it("lasts for the time that it is given", async () => {
    const { board, reasons } = await sleeper((life) => {
      if (life < 3) sleep.esp_deep_sleep(1_000_000);
    });
    await board.advance(2_100);
    expect(reasons).to.deep.equal([POWER_ON, BY_TIMER, BY_TIMER]);
  });

  it("lasts for ever where nothing was enabled, or it was taken back, or enabled in a former life", async () => {
    const { board, reasons } = await sleeper((life) => {
      if (life === 1) sleep.esp_deep_sleep(1_000);
      sleep.esp_sleep_enable_timer_wakeup(1_000);
      sleep.esp_sleep_enable_ext0_wakeup(0, 0);
      expect(sleep.esp_sleep_disable_wakeup_source(sleep.ESP_SLEEP_WAKEUP_ALL)).to.equal(ESP_OK);
      sleep.esp_deep_sleep_start();
    });
    await board.advance(LONG_MS);
    expect(reasons).to.have.length(2);
    expect(board.state).to.equal("sleeping");
  });

  it("takes back one of two", async () => {
    const { board, reasons } = await sleeper((life) => {
      if (life > 1) return;
      sleep.esp_sleep_enable_timer_wakeup(1_000);
      sleep.esp_sleep_enable_ext0_wakeup(0, 0);
      sleep.esp_sleep_disable_wakeup_source(sleep.ESP_SLEEP_WAKEUP_TIMER);
      sleep.esp_deep_sleep_start();
    });
    await board.advance(100);
    expect(board.state).to.equal("sleeping");
    board.setInput(0, 0);
    await board.advance(10);
    expect(reasons).to.deep.equal([POWER_ON, BY_PIN]);
  });

  it("refuses what cannot wake an ESP32", async () => {
    const seen: number[] = [];
    await sleeper(() => {
      seen.push(sleep.esp_sleep_enable_ext0_wakeup(5, 0), sleep.esp_sleep_enable_ext0_wakeup(4, 2));
      seen.push(sleep.esp_sleep_enable_timer_wakeup(-1), sleep.esp_sleep_enable_timer_wakeup(NaN));
      seen.push(sleep.esp_sleep_disable_wakeup_source(sleep.ESP_SLEEP_WAKEUP_TOUCHPAD));
    });
    expect(seen).to.deep.equal([
      ESP_ERR_INVALID_ARG,
      ESP_ERR_INVALID_ARG,
      ESP_ERR_INVALID_ARG,
      ESP_ERR_INVALID_ARG,
      ESP_ERR_INVALID_STATE,
    ]);
  });

  it("ends again and again at the level of a pin that floats in between", async () => {
    const { board, reasons } = await sleeper(() => {
      sleep.esp_sleep_enable_ext0_wakeup(33, 0);
      sleep.esp_deep_sleep_start();
    });
    for (let press = 0; press < 2; press++) {
      board.setInput(33, 0);
      board.setInput(33, null);
      await board.advance(10);
    }
    expect(reasons).to.deep.equal([POWER_ON, BY_PIN, BY_PIN]);
  });
});
