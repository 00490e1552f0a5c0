/**
 * The watchdog's thread: plain JavaScript as text, so that bundles need not contain a second file.
 *
 * Ten times a second it reads the number of the running stretch of sketch code (`slots[0]`, 0 if none runs). If one
 * stretch has used more CPU time than its limit (`slots[1]`, in milliseconds), it pauses the main thread through the
 * inspector, and asks the hook there whether to end that stretch. If so, V8 ends the code on the main thread's stack.
 *
 * It counts CPU time, not elapsed time, so that a busy machine or a suspended laptop does not end a healthy sketch.
 */
export const WATCHDOG_THREAD = `
const { readFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const { workerData } = require("node:worker_threads");

const { slots, hook } = workerData;
const LOOK_EVERY_MS = 100;
/** The unit of Linux's CPU time, in milliseconds. */
const TICK_MS = 10;

let judged = 0;
let since = 0;
let pausing = false;

/** CPU time of the main thread in milliseconds; of the whole process if the system does not report that. */
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
    // Node's own promise hooks must run to their end: their state would be wrong for the rest of the process.
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
