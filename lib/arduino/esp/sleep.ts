import type { WakeCause, WakeUp } from "../board/boot-cycle.js";
import { currentBoard } from "../board/current-board.js";
import { PerBoot } from "../board/per-boot.js";

export const ESP_OK = 0;
export const ESP_ERR_INVALID_ARG = 0x102;
export const ESP_ERR_INVALID_STATE = 0x103;

export const ESP_SLEEP_WAKEUP_UNDEFINED = 0;
export const ESP_SLEEP_WAKEUP_ALL = 1;
export const ESP_SLEEP_WAKEUP_EXT0 = 2;
export const ESP_SLEEP_WAKEUP_EXT1 = 3;
export const ESP_SLEEP_WAKEUP_TIMER = 4;
export const ESP_SLEEP_WAKEUP_TOUCHPAD = 5;
export const ESP_SLEEP_WAKEUP_ULP = 6;
export const ESP_SLEEP_WAKEUP_GPIO = 7;
export const ESP_SLEEP_WAKEUP_UART = 8;

export const ESP_RST_UNKNOWN = 0;
export const ESP_RST_POWERON = 1;
export const ESP_RST_EXT = 2;
export const ESP_RST_SW = 3;
export const ESP_RST_PANIC = 4;
export const ESP_RST_INT_WDT = 5;
export const ESP_RST_TASK_WDT = 6;
export const ESP_RST_WDT = 7;
export const ESP_RST_DEEPSLEEP = 8;
export const ESP_RST_BROWNOUT = 9;

/** The pins that an ESP32 can watch while it sleeps. */
const RTC_PINS: ReadonlySet<number> = new Set([0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39]);

const WAKEUP_CAUSES: Readonly<Record<WakeCause, number>> = {
  power: ESP_SLEEP_WAKEUP_UNDEFINED,
  restart: ESP_SLEEP_WAKEUP_UNDEFINED,
  timer: ESP_SLEEP_WAKEUP_TIMER,
  pin: ESP_SLEEP_WAKEUP_EXT0,
};

const RESET_REASONS: Readonly<Record<WakeCause, number>> = {
  power: ESP_RST_POWERON,
  restart: ESP_RST_SW,
  timer: ESP_RST_DEEPSLEEP,
  pin: ESP_RST_DEEPSLEEP,
};

/** What ends the next sleep. */
interface WakeUpPlan {
  timer: Pick<WakeUp, "afterUs">;
  pin: Pick<WakeUp, "pin">;
}

const plan = new PerBoot<WakeUpPlan>(() => ({ timer: {}, pin: {} }));

/** Ends the next sleep after this time in microseconds, if nothing else ends it before. */
export function esp_sleep_enable_timer_wakeup(us: number | bigint): number {
  const afterUs = Number(us);
  if (!(afterUs >= 0)) return ESP_ERR_INVALID_ARG;
  plan.of(currentBoard()).timer = { afterUs };
  return ESP_OK;
}

/** Ends the next sleep when the pin has this level. Only pins 0, 2, 4, 12 to 15, 25 to 27 and 32 to 39 can do that. */
export function esp_sleep_enable_ext0_wakeup(pin: number, level: number): number {
  if (!RTC_PINS.has(pin) || (level !== 0 && level !== 1)) return ESP_ERR_INVALID_ARG;
  plan.of(currentBoard()).pin = { pin: { number: pin, level } };
  return ESP_OK;
}

/** Undoes an `esp_sleep_enable_...`, or all of them with `ESP_SLEEP_WAKEUP_ALL`. */
export function esp_sleep_disable_wakeup_source(source: number): number {
  const planned = plan.of(currentBoard());
  const isTimer = source === ESP_SLEEP_WAKEUP_TIMER || source === ESP_SLEEP_WAKEUP_ALL;
  const isPin = source === ESP_SLEEP_WAKEUP_EXT0 || source === ESP_SLEEP_WAKEUP_ALL;
  if (isTimer) planned.timer = {};
  if (isPin) planned.pin = {};
  return isTimer || isPin ? ESP_OK : ESP_ERR_INVALID_STATE;
}

/**
 * Sleeps until an enabled source wakes the board, and then starts a new life of the sketch, with the contents of flash
 * and `rtcData`. Without an enabled source only the power switch wakes it: on a PC the program ends. Does not return.
 */
export function esp_deep_sleep_start(): never {
  const board = currentBoard();
  const { timer, pin } = plan.of(board);
  return board.deepSleep({ ...timer, ...pin });
}

/** {@link esp_deep_sleep_start} for this time, in microseconds. Does not return. */
export function esp_deep_sleep(us: number | bigint): never {
  esp_sleep_enable_timer_wakeup(us);
  return esp_deep_sleep_start();
}

/** What ended the sleep before this life; `ESP_SLEEP_WAKEUP_UNDEFINED` if there was no sleep. */
export function esp_sleep_get_wakeup_cause(): number {
  return WAKEUP_CAUSES[currentBoard().wakeCause];
}

/** Why this life began: `ESP_RST_POWERON`, `ESP_RST_SW` or `ESP_RST_DEEPSLEEP`. */
export function esp_reset_reason(): number {
  return RESET_REASONS[currentBoard().wakeCause];
}
