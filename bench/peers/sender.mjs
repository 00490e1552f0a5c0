// The device's process of every contender that runs on Node. A contender is a module with two functions:
//
//     connect(setup)         resolves with a session: send(data), drained(), echo(data), close()
//     listen(setup, took)    resolves with a port; where took(bytes) returns false, it sends the bytes back
//
// send(data) returns false where the session takes no more: drained() resolves once it does. echo(data) resolves when the whole message
// came back.
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

import { obey, tell } from "./control.mjs";

const setup = JSON.parse(process.argv[2]);
const { connect } = await import(`./${setup.script}`);

/** Sessions that are opened at the same time: more would overflow the system's queue of connections. */
const AT_ONCE = 32;

const sessions = [];

/** Sends a message on each session, then the next. Between two rounds the event loop turns, unless there is only one session. */
async function push({ messages, size }) {
  const data = new Uint8Array(size);
  const turns = sessions.length > 1;
  for (let sent = 0; sent < messages;) {
    for (const session of sessions) {
      while (!session.send(data)) await session.drained();
      if (++sent === messages) break;
    }
    if (turns) await setImmediate();
  }
}

obey({
  async connect({ count }) {
    const openNext = async () => {
      while (sessions.length < count) {
        const index = sessions.push(null) - 1;
        sessions[index] = await connect(setup);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, openNext));
  },

  push,

  async echo({ messages, size }) {
    const data = new Uint8Array(size);
    const microseconds = [];
    for (let round = 0; round < messages; round++) {
      const start = performance.now();
      await sessions[0].echo(data);
      microseconds.push((performance.now() - start) * 1000);
    }
    return { microseconds };
  },

  /** Opens sessions and closes each again. */
  async handshakes({ handshakes, atOnce }) {
    let begun = 0;
    const shakeNext = async () => {
      while (begun++ < handshakes) await (await connect(setup)).close();
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: atOnce }, shakeNext));
    return { ms: performance.now() - start };
  },
});
tell({ event: "ready" });
