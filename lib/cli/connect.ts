import { once } from "node:events";
import { MAX_MESSAGE_LENGTH } from "../core/wire/wire.js";
import { causeText } from "../errors.js";
import { isUsmpError, Usmp, type CipherName, type UsmpError } from "../index.js";
import { formatTarget, parseTarget } from "./address.js";
import { ExitCode, type Context } from "./context.js";
import { needKey, wipeKey, type KeyOptions } from "./key-source.js";
import { readLines } from "./lines.js";
import { escapeControls, printable } from "./printable.js";
import { systemReason } from "./system-error.js";

export interface ConnectOptions extends KeyOptions {
  readonly cipher: CipherName;
  readonly deviceId?: string;
  /** Connect over UDP instead of TCP. */
  readonly udp?: boolean;
  readonly reconnect?: boolean;
  /** The age in milliseconds at which keys are rotated; 0 never rotates them. */
  readonly rekeyAfter: number;
  /** How long to wait for messages after the end of the input, in milliseconds. */
  readonly wait: number;
}

/** `usmp connect`: a device that sends each line of its input and prints each message that arrives. */
export async function connect(target: string, options: ConnectOptions, context: Context): Promise<ExitCode> {
  const { host, port } = parseTarget(target);
  const { cipher, deviceId, udp = false, reconnect = false, rekeyAfter: rekeyAfterMs } = options;
  const psk = await needKey(options, context);
  context.running();
  const device = deviceId === undefined ? {} : { deviceId };
  const usmp = new Usmp(psk, { cipher, rekeyAfterMs, ...device, ...(reconnect ? {} : { reconnect: false as const }) });
  wipeKey(psk);
  const transport = udp ? Usmp.UDP(host, port) : Usmp.TCP(host, port);
  const conversation = new Conversation(usmp, options, context, formatTarget({ host, port }));
  try {
    void usmp.begin(transport);
    return await conversation.run();
  } finally {
    await usmp.close();
  }
}

/** One run, from the first attempt to the last answer. */
class Conversation {
  readonly #usmp: Usmp;
  readonly #context: Context;
  readonly #reconnect: boolean;
  readonly #waitMs: number;
  readonly #place: string;
  /** Aborts when the conversation is complete, or cannot continue. */
  readonly #over = new AbortController();
  readonly #whenOver = once(this.#over.signal, "abort");
  #exitCode: ExitCode = ExitCode.OK;
  #wasConnected = false;
  #inputOver = false;
  #onHeard: () => void = () => {};

  constructor(usmp: Usmp, { reconnect = false, wait }: ConnectOptions, context: Context, place: string) {
    this.#usmp = usmp;
    this.#context = context;
    this.#reconnect = reconnect;
    this.#waitMs = wait;
    this.#place = escapeControls(place);
    usmp.onConnect((session) => {
      this.#wasConnected = true;
      context.tell(`connected to ${this.#place} as ${session.deviceId}`);
    });
    usmp.onMessage((data) => this.#print(data));
    usmp.onDisconnect((reason) => this.#lost(reason));
    usmp.onError((error) => this.#failed(error));
  }

  async run(): Promise<ExitCode> {
    const { signal, stdin } = this.#context;
    const stop = (): void => this.#over.abort();
    signal.addEventListener("abort", stop);
    // Destroyed, not paused, so that a reader that waits for the next line ends as well.
    this.#over.signal.addEventListener("abort", () => stdin.destroy());
    if (signal.aborted) stop();
    // If the gateway does not read, a send may never resolve.
    await Promise.race([this.#sendAndListen(), this.#whenOver]);
    stop();
    signal.removeEventListener("abort", stop);
    if (signal.aborted && !this.#wasConnected && this.#exitCode === ExitCode.OK) {
      this.#fail(`stopped before a session with ${this.#place} was established`);
    }
    return this.#exitCode;
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #sendAndListen(): Promise<void> {
    await this.#sendInput();
    if (!this.#isOver()) await this.#waitForSilence();
  }

  async #sendInput(): Promise<void> {
    const { stdin } = this.#context;
    try {
      // Read the first line only when it can be sent: if the attempt fails, the input is left to the next program.
      await this.#connected();
      if (this.#isOver()) return;
      for await (const line of readLines(stdin, MAX_MESSAGE_LENGTH)) {
        if ("bytes" in line) await this.#send(line.bytes);
        else this.#refuse(line.tooLong);
        if (this.#isOver()) return;
      }
    } catch (cause) {
      if (!this.#isOver()) this.#fail(`cannot read the input: ${systemReason(cause)}`);
    }
    this.#inputOver = true;
  }

  async #send(message: Uint8Array): Promise<void> {
    for (;;) {
      try {
        await this.#usmp.sendAsync(message);
        return;
      } catch (error) {
        if (this.#isOver()) return;
        if (!isUsmpError(error) || error.code !== "NOT_CONNECTED") {
          // It may have been on its way when the session ended. Sent again, it could arrive twice.
          this.#blame(`a line may have been lost: ${escapeControls(causeText(error))}`);
          return;
        }
        await this.#connected();
        if (this.#isOver()) return;
      }
    }
  }

  #refuse(length: number): void {
    this.#blame(`a line of ${length} bytes was not sent: a message holds at most ${MAX_MESSAGE_LENGTH}`);
  }

  /** Resolves when there is a session, or when the conversation is over. */
  async #connected(): Promise<void> {
    if (this.#usmp.alive() || this.#isOver()) return;
    const session = new Promise<void>((resolve) => this.#usmp.once("connect", () => resolve()));
    await Promise.race([session, this.#whenOver]);
  }

  /** Resolves when no message has arrived for `--wait` milliseconds and all messages are printed. */
  async #waitForSilence(): Promise<void> {
    const { stdout } = this.#context;
    do {
      await stdout.drained();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#waitMs);
        this.#onHeard = () => timer.refresh();
        this.#over.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
      });
    } while (stdout.isFull && !this.#isOver());
  }

  #print(data: Uint8Array): void {
    const { stdout } = this.#context;
    this.#onHeard();
    void stdout.line(printable(data));
    if (!stdout.isFull) return;
    // The reader of our output is slow: let the gateway wait, so that our memory does not grow.
    this.#usmp.pause();
    void stdout.drained().then(() => this.#usmp.resume());
  }

  #lost(reason: UsmpError): void {
    if (this.#isOver()) return;
    const why = `${escapeControls(reason.message)} (${reason.code})`;
    // Everything was sent, and the gateway ended the session in an orderly way.
    if (this.#inputOver && reason.code === "BYE") this.#over.abort();
    else if (this.#reconnect) this.#context.tell(`the session ended: ${why}; reconnecting`);
    else this.#fail(`the session ended: ${why}`);
  }

  #failed(error: UsmpError): void {
    const message = escapeControls(error.message);
    if (this.#reconnect && this.#usmp.state() !== "closed") this.#context.tell(`${message}; trying again`);
    else this.#fail(message);
  }

  #fail(message: string): void {
    this.#blame(message);
    this.#over.abort();
  }

  #blame(message: string): void {
    this.#context.tell(message);
    this.#exitCode = ExitCode.FAILURE;
  }
}
