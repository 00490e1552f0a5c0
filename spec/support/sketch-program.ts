/** Sketches for specs of runSketch, each as a program of its own: `sketch-program NAME`. */
import { currentBoard } from "../../lib/arduino/board/current-board.js";
import { delay, digitalWrite, runSketch, USMP, USMPClient } from "../../lib/arduino/index.js";
import { UsmpServer } from "../../lib/index.js";

const PSK = "usmp-dev-psk-change-me-before-prod";
const [name = ""] = process.argv.slice(2);

/** Without the formats of `Serial`. */
function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A gateway within this process, a sketch that is connected to it, and what happens when it was. */
async function connected(loop: () => void | Promise<void>): Promise<void> {
  const gateway = new UsmpServer({ host: "127.0.0.1", port: 0, psk: PSK });
  gateway.onSession(async (session) => {
    say(`gateway: ${(await session.closed).code}`);
    await gateway.stop();
  });
  const { port } = (await gateway.listen())[0]!;
  await runSketch(() => {
    const usmp = new USMPClient(PSK);
    return {
      async setup() {
        await usmp.begin(USMP.TCP("127.0.0.1", port));
        say("ready");
      },
      loop() {
        usmp.maintain();
        return loop();
      },
    };
  });
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
  "does not close": () =>
    runSketch({
      setup() {
        const close = async (): Promise<void> => {
          // As late as a second Ctrl-C is one, which this process knows better than the one that sends them.
          await new Promise((resolve) => setTimeout(resolve, 800));
          say("second");
          process.kill(process.pid, "SIGINT");
          await new Promise((resolve) => setTimeout(resolve, 600_000));
        };
        currentBoard().own({ drop: () => {}, close });
        say("ready");
      },
    }),
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
