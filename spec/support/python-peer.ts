import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { pythonWithSdk } from "./python-environment.js";
import { Mailbox } from "./python-mailbox.js";

/** One line of a peer: something that happened (`event`), or the answer to a command (`reply`). */
type Line = {
  readonly event?: string;
  readonly reply?: number;
  readonly error?: string;
  readonly text?: string;
} & Report;

/** The other values of a line. */
export type Report = Readonly<Record<string, unknown>>;

/** A command that the peer could not carry out. */
export class PeerError extends Error {
  /** The name of the peer's own error, `"AuthError"`. */
  readonly error: string;

  constructor(error: string, text: string) {
    super(`${error}: ${text}`);
    this.error = error;
  }
}

/** Of a peer's complaints the last ones matter, in the message of the wait that failed. */
const STDERR_KEPT = 4_000;

/**
 * A child process that speaks JSON lines: commands in, replies and events out. Whoever starts one kills it; it also ends
 * with its stdin, so that it outlives nobody.
 */
export class PeerProcess {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #events = new Map<string, Mailbox<Report>>();
  readonly #replies = new Map<number, Mailbox<Line>>();
  #commands = 0;
  #stderr = "";
  #end: string | null = null;

  /** A script of the public Python SDK's environment. */
  static async python(script: string, ...args: string[]): Promise<PeerProcess> {
    return new PeerProcess(await pythonWithSdk(), script, ...args);
  }

  constructor(program: string, ...args: string[]) {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(line));
    child.stderr
      .setEncoding("utf8")
      .on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)));
    // Writing to a process that was killed is no news: its exit is.
    child.stdin.on("error", () => {});
    this.exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        this.#end = how;
        for (const mailbox of [...this.#events.values(), ...this.#replies.values()]) mailbox.fail(() => this.#gone());
        resolve();
      };
      child.on("error", (error) => ended(`did not start: ${error.message}`));
      child.on("close", (code, signal) => ended(`ended with ${signal ?? `exit code ${code}`}`));
    });
  }

  /** The next event of this name; events wait until they are asked for. */
  async next(event: string, limitMs?: number): Promise<Report> {
    return this.#explained(this.#mailbox(this.#events, event, event).next(limitMs));
  }

  /** Gives a command and waits until it is carried out. Rejects with a {@link PeerError} where it could not be. */
  async command(command: string, options: Report = {}, limitMs?: number): Promise<Report> {
    const id = ++this.#commands;
    const replies = this.#mailbox(this.#replies, id, `reply to ${command}`);
    this.#child.stdin.write(`${JSON.stringify({ ...options, id, command })}\n`);
    const { error, text = "", ...report } = await this.#explained(replies.next(limitMs));
    this.#replies.delete(id);
    if (error !== undefined) throw new PeerError(error, text);
    return report;
  }

  /** Lets the process end by itself, for as long as `limitMs`; then kills it. Resolves when it is gone. */
  async stop(limitMs = 5_000): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), limitMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** Ends the process at once, as a crash does. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  #take(text: string): void {
    const line = JSON.parse(text) as Line;
    if (line.reply !== undefined) this.#mailbox(this.#replies, line.reply, "reply").put(line);
    else this.#mailbox(this.#events, line.event ?? "", line.event ?? "").put(line);
  }

  #mailbox<Key, Item>(mailboxes: Map<Key, Mailbox<Item>>, key: Key, what: string): Mailbox<Item> {
    let mailbox = mailboxes.get(key);
    if (mailbox === undefined) {
      mailbox = new Mailbox(`${what} of the peer`);
      if (this.#end !== null) mailbox.fail(() => this.#gone());
      mailboxes.set(key, mailbox);
    }
    return mailbox;
  }

  #gone(): Error {
    return new Error(`the peer ${this.#end ?? ""}`);
  }

  /** A wait that failed is explained by what the peer complained of. */
  async #explained<Value>(waiting: Promise<Value>): Promise<Value> {
    try {
      return await waiting;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(this.#stderr === "" ? message : `${message}; its stderr:\n${this.#stderr}`, { cause });
    }
  }
}
