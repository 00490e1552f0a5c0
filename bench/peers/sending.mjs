// What every sender does with the connections that its contestant opens:
//
//     send(data)   takes one message, or gives false: then `drained()` resolves when there is room
//     echo(data)   resolves when all of it came back
//     finish()     optional: resolves when the other end has everything
//     close()      resolves when the connection is gone
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

import { obey, tell } from "./lines.mjs";

/** Thousands of connections are opened so many at a time: a queue of the system's that overflows would cost a second. */
const AT_ONCE = 32;

async function pushAll(connection, data, messages) {
  for (let sent = 0; sent < messages;) {
    if (connection.send(data)) sent++;
    else await connection.drained();
  }
}

/** A message on each connection, then the next: nothing that a connection could gather. */
async function pushInTurns(connections, data, messages) {
  for (let sent = 0; sent < messages; await setImmediate()) {
    for (const connection of connections.slice(0, messages - sent)) {
      while (!connection.send(data)) await connection.drained();
      sent++;
    }
  }
}

/** @param open resolves with a new connection */
export function sending(open) {
  const connections = [];

  obey({
    async connect({ sessions }) {
      const openNext = async () => {
        while (connections.length < sessions) {
          const index = connections.push(null) - 1;
          connections[index] = await open(index);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, openNext));
    },

    async push({ messages, size, inTurns }) {
      const data = new Uint8Array(size);
      const start = performance.now();
      if (inTurns) await pushInTurns(connections, data, messages);
      else {
        const share = messages / connections.length;
        await Promise.all(connections.map((connection) => pushAll(connection, data, share)));
      }
      await Promise.all(connections.map((connection) => connection.finish?.()));
      return { messages, ms: performance.now() - start };
    },

    async echo({ messages, size }) {
      const data = new Uint8Array(size);
      const microseconds = [];
      for (let round = 0; round < messages; round++) {
        const start = performance.now();
        await connections[0].echo(data);
        microseconds.push((performance.now() - start) * 1000);
      }
      return { microseconds };
    },

    async handshakes({ handshakes, atOnce }) {
      let begun = 0;
      const shakeNext = async () => {
        while (begun < handshakes) {
          const connection = await open(begun++);
          await connection.close();
        }
      };
      const start = performance.now();
      await Promise.all(Array.from({ length: atOnce }, shakeNext));
      return { ms: performance.now() - start };
    },

    cpu: () => process.cpuUsage(),
  });
  tell({ event: "ready" });
}
