/**
 * The thread that watches sketches: plain JavaScript as text, so that no bundle has to know of it.
 *
 * It looks ten times a second at the number of the stretch of sketch code that runs (`slots[0]`, 0 where none does). Where one
 * stretch has used more CPU time than its limit (`slots[1]`, in milliseconds), it pauses the main thread by way of the
 * inspector, and asks the hook there whether that stretch is to be ended. If so, V8 ends what is on the main thread's stack.
 *
 * CPU time, not time: on a busy machine, or behind a suspended laptop, a healthy sketch must not be ended.
 */
export const WATCHDOG_THREAD = `
const { readFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { workerData } = require("node:worker_threads");

const { slots, hook } = workerData;
const LOOK_EVERY_MS = 100;
/** A tick of Linux's accounting, in milliseconds. */
const TICK_MS = 10;

let judged = 0;
let since = 0;
let pausing = false;

/** Of the main thread, in milliseconds; where the system does not say, of the whole process. */
function cpuTime() {
  try {
    const stat = readFileSync("/proc/self/task/" + process.pid + "/stat", "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

function halt(stretch) {
  pausing = true;
  const session = new Session();
  session.connectToMainThread();
  session.on("Debugger.paused", ({ params }) => {
    const { callFrameId, url } = params.callFrames[0];
    // Node's own hooks of promises must run to their end: they keep accounts that would be wrong for the rest of the process.
    if (url.startsWith("node:")) {
      session.post("Debugger.resume");
      session.post("Debugger.pause");
      return;
    }
    const expression = "globalThis[Symbol.for(" + JSON.stringify(hook) + ")](" + stretch + ")";
    session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression }, (_error, answer) => {
      session.post("Debugger.resume", { terminateOnResume: answer?.result?.value === true }, () => {
        session.disconnect();
        judged = 0;
        pausing = false;
      });
    });
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

setInterval(() => {
  const stretch = Atomics.load(slots, 0);
  if (pausing) return;
  if (stretch === 0 || stretch !== judged) {
    judged = stretch;
    since = cpuTime();
  } else if (cpuTime() - since >= Atomics.load(slots, 1)) halt(stretch);
}, LOOK_EVERY_MS);
`;
