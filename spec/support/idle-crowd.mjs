// Connects many times and says nothing: node idle-crowd.mjs <port> <count> [address]. Each comes from an address of its own,
// unless one is given.
// Prints "opened" when all have been tried, and in the end, as JSON, what became of them.
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers";

const [port, count] = process.argv.slice(2, 4).map(Number);
const address = process.argv[4];
/**
 * The system drops a SYN where more than 511 wait to be accepted, and sends it again a second later: some 5,000 connections a
 * second are quicker than as many as there can be.
 */
const AT_ONCE = 100;
const PAUSE_MS = 20;

const told = { opened: 0, failed: 0, closed: 0, slowestCloseMs: 0 };
let next = 0;
let settled = 0;
let ended = 0;

function another() {
  if (next === count) return;
  const at = next++;
  const localAddress = address ?? `127.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  let openedAt = 0;
  const onSettled = () => {
    if (++settled === count) console.log("opened");
    setTimeout(another, PAUSE_MS);
  };
  socket.on("connect", () => {
    openedAt = performance.now();
    told.opened++;
    onSettled();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    if (openedAt === 0) {
      told.failed++;
      onSettled();
    } else {
      told.closed++;
      told.slowestCloseMs = Math.max(told.slowestCloseMs, Math.round(performance.now() - openedAt));
    }
    if (++ended === count) console.log(JSON.stringify(told));
  });
  socket.resume();
}

for (let at = 0; at < AT_ONCE; at++) another();
