/** The sketch on a virtual board, with a gateway in memory: no network, and time moves when the test moves it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HIGH, LED_BUILTIN, LOW } from "usmp/arduino";
import { TestGateway, VirtualBoard, type VirtualBoardOptions } from "usmp/testing";
import { device } from "./device.ts";

const PSK = "a key for this test alone";

/** A board that has just said hello. */
async function start(options: VirtualBoardOptions = {}): Promise<{ board: VirtualBoard; gateway: TestGateway }> {
  const gateway = new TestGateway({ psk: PSK });
  const board = new VirtualBoard({ gateway, ...options });
  await board.start(() => device(PSK));
  assert.equal(await gateway.next(), "hello");
  return { board, gateway };
}

test("the gateway switches the light", async () => {
  const { board, gateway } = await start();
  gateway.send("on");
  assert.equal(await gateway.next(), "light on");
  assert.equal(board.output(LED_BUILTIN), HIGH);
  gateway.send("off");
  assert.equal(await gateway.next(), "light off");
  assert.equal(board.output(LED_BUILTIN), LOW);
  await board.stop();
});

test("a press of the button is told once, though its contact bounces", async () => {
  const { board, gateway } = await start();
  await board.press(0, { holdMs: 80, bounceMs: 5 });
  assert.equal(await gateway.next(), "button");
  await gateway.expectNothing(1_000);
  await board.stop();
});

test("the device reports every ten seconds", async () => {
  const { board, gateway } = await start();
  for (const report of ["up for 10 s", "up for 20 s", "up for 30 s"])
    assert.equal(await gateway.next({ withinMs: 11_000 }), report);
  await board.stop();
});

test("the device reports on when millis() wraps, after 49.7 days", async () => {
  const { board, gateway } = await start({ startMillis: 2 ** 32 - 15_000 });
  const reports: string[] = [];
  for (let report = 0; report < 4; report++) reports.push(await gateway.next({ withinMs: 11_000 }));
  assert.deepEqual(reports, ["up for 4294952 s", "up for 4294962 s", "up for 5 s", "up for 15 s"]);
  await board.stop();
});

test("after two minutes without network the device comes back by itself", async () => {
  const { board, gateway } = await start();
  gateway.loseNetwork();
  await board.advance(120_000);
  gateway.restoreNetwork();
  assert.equal(await gateway.next({ withinMs: 60_000 }), "hello");
  assert.match(board.serial.text, /connection lost, trying again\r\nconnected\r\n$/);
  await board.stop();
});
