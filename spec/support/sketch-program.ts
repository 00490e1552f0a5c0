/** Sketches for specs of runSketch, each as a program of its own: `sketch-program NAME`. */
import { currentBoard } from "../../lib/arduino/board/current-board.js";
import { delay, digitalWrite, runSketch, USMP, USMPClient } from "../../lib/arduino/index.js";
import { UdpTransport, UsmpServer } from "../../lib/index.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const [name = ""] = process.argv.slice(2);

/** Without the formats of `Serial`. */
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A gateway within this process, a sketch that is connected to it, and what happens when it was. */
async function connected(loop: () => void | Promise<void>, over: "TCP" | "UDP" = "TCP"): Promise<void> {
  const gateway = new UsmpServer({ host: "127.0.0.1", port: 0, psk: PSK });
  gateway.onSession(async (session) => {
    say(`gateway: ${(await session.closed).code}`);
    await gateway.stop();
  });
  const { port } = (await gateway.listen(...(over === "UDP" ? [new UdpTransport("127.0.0.1", 0)] : [])))[0]!;
  await runSketch(() => {
    const usmp = new USMPClient(PSK);
    return {
      async setup() {
        await usmp.begin(USMP[over]("127.0.0.1", port));
        say("ready");
      },
      loop() {
        usmp.maintain();
        return loop();
      },
    };
  });
}

/** What the sketch has open is never closed. */
function neverClose(): void {
  currentBoard().own({ drop: () => {}, close: () => new Promise(() => setTimeout(() => {}, 600_000)) });
}

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  "throws in loop": () => connected(() => { throw new Error("no sensor"); }), // prettier-ignore
  "throws in setup": () => runSketch({ setup: () => digitalWrite(99, 1) }),
  "forgets await": () => runSketch({ loop: () => void delay(100) }),
  "rejects unheard": () =>
    runSketch({
      loop() {
        void (async () => {
          await Promise.resolve();
          throw new Error("unheard");
        })();
      },
    }),
  "throws in a timer": () =>
    runSketch({
      setup: () =>
        setTimeout(() => {
          throw new Error("too late");
        }, 5),
    }),
  "leaves a timer behind": async () => {
    const stop = new AbortController();
    let lives = 0;
    await runSketch(
      {
        setup() {
          say(`life ${++lives}`);
          if (lives === 2) {
            setTimeout(() => stop.abort(), 50);
            return;
          }
          setTimeout(() => digitalWrite(2, 1), 20);
          void Promise.resolve().then(() => digitalWrite(2, 1));
          currentBoard().restart();
        },
      },
      { signal: stop.signal },
    );
  },
  "runs on": () => connected(() => delay(10)),
  "runs on over UDP": () => connected(() => delay(10), "UDP"),
  "does not close": () =>
    runSketch({
      setup() {
        neverClose();
        say("ready");
      },
    }),
  "is called off, does not close": async () => {
    const stop = new AbortController();
    const running = runSketch({ setup: () => (neverClose(), stop.abort()) }, { signal: stop.signal });
    stop.signal.addEventListener("abort", () => setTimeout(() => say("ready")));
    await running;
  },
  "lives three times": async () => {
    let lives = 0;
    await runSketch(() => ({
      async setup() {
        say(`${++lives} ${currentBoard().wakeCause}`);
        await delay(5);
        if (lives === 1) currentBoard().restart();
        currentBoard().deepSleep(lives === 2 ? { afterUs: 20_000 } : {});
      },
    }));
  },
};

await scenarios[name]?.();
say("left");
