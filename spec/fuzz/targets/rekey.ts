/**
 * Rotations of keys, by either end and crossed, on a stream and over datagrams, among messages, PINGs and losses. No (key,
 * number) seals twice, no message is lost, and in the end both ends have the same keys.
 */
import { filled, toHex } from "../../support/core-bytes.js";
import { toyCrypto, watchingNonces } from "../../support/core-crypto.js";
import { agreedPair } from "../../support/core-pair.js";
import { Choices } from "../choices.js";
import { DatagramWorld, other, SIDES, type Side } from "../datagram-world.js";
import { hold, same } from "../invariant.js";
import { repeatable } from "../repeatable-crypto.js";

const SIZES = [0, 5, 452, 453, 1808];
const MAX_OPERATIONS = 100;
const MAX_MESSAGES = 12;
const MAX_CONTROLS = 30;

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data);
  if (choices.below(2) === 0) onStream(choices);
  else overDatagrams(choices);
}

function onStream(choices: Choices): void {
  // Bytes may lie for as long as the fuzzer likes.
  const patience = { partialFrameTimeoutMs: Infinity };
  const pair = agreedPair({ crypto: watchingNonces(repeatable(toyCrypto)).crypto, ...patience });
  const sent = { device: [] as string[], gateway: [] as string[] };
  let controls = 0;
  const advance = (ms: number): void => {
    pair.now += ms;
    for (const { connection } of [pair.device, pair.gateway]) {
      if (connection.nextDeadline() <= pair.now) connection.handleDeadline(pair.now);
    }
  };
  const send = (side: Side, message: Uint8Array): void => {
    sent[side].push(toHex(message));
    pair[side].connection.send(message, pair.now);
  };
  for (let operations = 0; !choices.isOver && operations < MAX_OPERATIONS; operations++) {
    const side = choices.of(SIDES);
    switch (choices.below(6)) {
      case 0:
        if (sent[side].length < MAX_MESSAGES) send(side, filled(choices.of(SIZES), choices.byte()));
        break;
      case 1:
      case 2:
        if (controls++ >= MAX_CONTROLS) break;
        // Whoever asks more often than the peer's allowance lets pass is a flood.
        advance(500);
        if (choices.below(4) === 0) pair[side].connection.request({ type: "ping" }, pair.now);
        else pair[side].connection.request({ type: "rekey" }, pair.now);
        break;
      case 3:
        pair.deliver(pair[side], choices.uint16() % 600);
        break;
      case 4:
        pair.deliver(pair[side]);
        break;
      case 5:
        advance(choices.uint16() % 3_000);
    }
  }
  for (let turn = 0; turn < 6; turn++) {
    pair.settle();
    advance(1_000);
  }
  for (const side of SIDES) send(side, filled(3, 0x33));
  pair.settle();
  for (const side of SIDES) {
    same(pair[side].closed, undefined, `how the ${side} ended`);
    same(pair[side].messages.map(toHex).join(), sent[other(side)].join(), `what the ${side} got`);
    same(pair[side].connection.outputLength, 0, `what the ${side} still owes`);
  }
}

function overDatagrams(choices: Choices): void {
  const world = DatagramWorld.agreed(watchingNonces(repeatable(toyCrypto)).crypto);
  let controls = 0;
  for (let operations = 0; !choices.isOver && operations < MAX_OPERATIONS; operations++) {
    const side = choices.of(SIDES);
    switch (choices.below(8)) {
      case 0:
        if (world.sent[side].length < MAX_MESSAGES) world.send(side, filled(choices.of(SIZES), choices.byte()));
        break;
      case 1:
      case 2:
        if (controls++ >= MAX_CONTROLS) break;
        world.pass(500);
        world.act(side, ({ connection }) => {
          if (choices.below(4) === 0) connection.request({ type: "ping" }, world.now);
          else connection.request({ type: "rekey" }, world.now);
        });
        break;
      case 3:
        world.bringNext(side);
        break;
      case 4:
        world.brought[side] = Math.min(world.brought[side] + 1, world.out[side].length);
        break;
      case 5:
        world.bring(side, choices.uint16() % Math.max(1, world.out[side].length));
        break;
      case 6:
        for (const from of SIDES) while (world.brought[from] < world.out[from].length) world.bringNext(from);
        break;
      case 7:
        world.pass(choices.uint16() % 3_000);
    }
    world.check();
  }
  world.heal(200_000);
  world.check();
  const ended = SIDES.map((side) => world.ends[side].closed).filter((code) => code !== undefined);
  hold(
    ended.every((code) => code === "TIMEOUT"),
    () => `ended with ${ended.join()}`,
  );
  if (ended.length > 0) return;
  for (const side of SIDES) world.send(side, filled(3, 0x33));
  world.heal(200_000);
  world.check();
  for (const side of SIDES) same(world.delivered(side), world.sent[other(side)].length, `what reached the ${side}`);
}
