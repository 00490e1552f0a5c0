/** The sketch on a virtual board, against a gateway in memory: no network, no waiting, the time moves when it is told to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HIGH, LED_BUILTIN, LOW } from "usmp/arduino";
import { TestGateway, VirtualBoard } from "usmp/testing";
import { device } from "./device.ts";

const PSK = "a key for this test alone";

test("the light does what the gateway says, the button is reported, and a lost network comes back", async () => {
  const gateway = new TestGateway({ psk: PSK });
  const board = new VirtualBoard({ gateway });
  await board.start(() => device(PSK));
  assert.equal(await gateway.next(), "hello");

  gateway.send("on");
  assert.equal(await gateway.next(), "light on");
  assert.equal(board.output(LED_BUILTIN), HIGH);
  gateway.send("off");
  assert.equal(await gateway.next(), "light off");
  assert.equal(board.output(LED_BUILTIN), LOW);

  await board.press(0, { holdMs: 100, bounceMs: 5 });
  assert.equal(await gateway.next(), "button");

  gateway.loseNetwork();
  await board.advance(120_000);
  gateway.restoreNetwork();
  assert.equal(await gateway.next({ withinMs: 60_000 }), "hello");

  await board.stop();
});
