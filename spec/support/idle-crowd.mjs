// Connects many times, each from an address of its own, and says nothing: node idle-crowd.mjs <port> <count>.
// Prints "opened" when all have been tried, and in the end, as JSON, what became of them.
import { connect } from "node:net";
import { performance } from "node:perf_hooks";

const [port, count] = process.argv.slice(2).map(Number);
/** The system keeps no more than so many that wait to be accepted. */
const AT_ONCE = 200;

const told = { opened: 0, failed: 0, closed: 0, slowestCloseMs: 0 };
let next = 0;
let settled = 0;
let ended = 0;

function another() {
  if (next === count) return;
  const at = next++;
  const localAddress = `127.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  let openedAt = 0;
  const onSettled = () => {
    if (++settled === count) console.log("opened");
    another();
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
