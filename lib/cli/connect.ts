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
  /** Over UDP rather than TCP. */
  readonly udp?: boolean;
  readonly reconnect?: boolean;
  /** The age at which keys are rotated, in milliseconds; 0: never. */
  readonly rekeyAfter: number;
  /** How long to wait for more after the input's end, in milliseconds. */
  readonly wait: number;
}

/** `usmp connect`: a device that sends each line of its input and prints each message that comes. */
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

/** One run from the first attempt to the last answer. */
class Conversation {
  readonly #usmp: Usmp;
  readonly #context: Context;
  readonly #reconnect: boolean;
  readonly #waitMs: number;
  readonly #place: string;
  /** Aborts when there is nothing more to do: all is said, or nothing can be said any more. */
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
    // Destroyed rather than paused: a reader that waits for its next line ends as well.
    this.#over.signal.addEventListener("abort", () => stdin.destroy());
    if (signal.aborted) stop();
    // A gateway that does not read holds a send up for as long as it likes.
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
      // The first line is read when it can be sent: what a failed attempt did not take is left to others.
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
          // It may have been on its way when the session ended: sent again it could arrive twice.
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

  /** Resolves when there is a session, or when all is over. */
  async #connected(): Promise<void> {
    if (this.#usmp.alive() || this.#isOver()) return;
    const session = new Promise<void>((resolve) => this.#usmp.once("connect", () => resolve()));
    await Promise.race([session, this.#whenOver]);
  }

  /** Until nothing was heard, and all that was heard is printed, for a while. */
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
    // Who reads our output is slow: the gateway waits, rather than our memory grows.
    this.#usmp.pause();
    void stdout.drained().then(() => this.#usmp.resume());
  }

  #lost(reason: UsmpError): void {
    if (this.#isOver()) return;
    const why = `${escapeControls(reason.message)} (${reason.code})`;
    // All was said, and the gateway has ended the session in an orderly way.
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
