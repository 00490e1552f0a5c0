import { refuseArgument, requireClock } from "../../core/arguments.js";
import { open, stat, type FileHandle } from "node:fs/promises";
import { equalBytes } from "../../core/wire/bytes.js";
import { ownMembers } from "../../core/own-members.js";
import type { Clock, Timer } from "../../core/clock.js";
import { copySecret, secretBytes } from "../../core/secret-bytes.js";
import { causeText, isUsmpError, systemCodeOf, UsmpError } from "../../errors.js";
import { Emitter, Subscribable, type EventNames } from "../../session/emitter.js";
import { checkNumber } from "../../session/options.js";
import type { PskEntry, PskStore } from "../../session/psk-source.js";
import { systemClock } from "../../transport/system-clock.js";
import { CAUTIOUS_READ, kindOf } from "./file-kind.js";
import { fingerprint, isFresh, isGroupReadable, readContent, type Content } from "./key-file-reader.js";
import { parseKeyFile, type KeyFileEntry } from "./key-file-parser.js";

/** A device as people know it. */
export interface KeyFileDevice {
  readonly deviceId: string;
  /**
   * The device's name in the file, or null. It may hold any characters: escape it before you print it to a terminal.
   */
  readonly name: string | null;
}

/** What a new state of the file changes for its devices; a disabled device counts as absent. */
export interface KeyFileReload {
  /** How many devices there are now. */
  readonly devices: number;
  readonly added: readonly KeyFileDevice[];
  /** Devices with another key, name or cipher. The session of such a device continues. */
  readonly changed: readonly KeyFileDevice[];
  /** Devices removed or disabled, with the names that they had. */
  readonly revoked: readonly KeyFileDevice[];
}

/** The events of a key file. */
export interface KeyFileEvents {
  /**
   * A change of the file is invalid, and the last good keys stay in use: once for each such change. Also a callback
   * that failed.
   */
  error: [error: UsmpError];
  /** The file has changed, and its new keys are in use. */
  reload: [reload: KeyFileReload];
  /** Something that works but should be fixed: the file's group can read it, or a key ends with a space. */
  warning: [text: string];
  /** A change of the file has removed or disabled this device. */
  revoked: [deviceId: string];
}

const KEY_FILE_EVENTS: EventNames<KeyFileEvents> = { error: true, reload: true, revoked: true, warning: true };

export interface KeyFileOptions {
  /** How often the file is checked, in milliseconds. Default 1,000. */
  readonly pollMs?: number | undefined;
  /** Called once for each edit that is invalid: broken, unreadable, or of a mode that is too open. */
  readonly onError?: ((error: UsmpError) => unknown) | undefined;
  readonly onReload?: ((reload: KeyFileReload) => unknown) | undefined;
  readonly onWarning?: ((text: string) => unknown) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
}

const DEFAULT_POLL_MS = 1_000;

/** How many times `open` reads a file that changes during each reading. */
const ATTEMPTS = 3;

/**
 * The keys of a file (`docs/keys.md` has the format), which is watched while the gateway runs.
 *
 *     const keys = await KeyFile.open("devices.json", { onError: (error) => console.error(error.message) });
 *     const server = new UsmpServer({ psk: keys });
 *
 * A change takes effect as a whole or not at all: `onError` gets the error of an invalid change, and the last good keys
 * stay in use. If a device was removed or disabled, the listeners of {@link onRevoked} are called, and a gateway ends
 * its session. A device whose key was changed keeps its session, and needs the new key for the next one.
 *
 * The file is polled every `pollMs`, because that works on every file system, and notices a file that replaces another.
 * Watching never keeps the process alive. No printed form of this object shows a key.
 */
export class KeyFile extends Subscribable<KeyFileEvents> implements PskStore, AsyncDisposable {
  readonly #events: Emitter<KeyFileEvents>;
  readonly path: string;
  readonly givesCopies = true;
  readonly #clock: Clock;
  readonly #pollMs: number;
  #devices: ReadonlyMap<string, KeyFileEntry> = new Map();
  /** The state of the file that need not be read again, or null. */
  #settled: string | null = null;
  /** The last reported error with the file's state, so that each is reported once; null if the file is fine. */
  #lastReported: string | null = null;
  #warned = false;
  /** The parser's last warning about keys that hold invisible characters. */
  #lastWarning: string | null = null;
  #timer: Timer | null = null;
  #polling: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(path: string, options: KeyFileOptions) {
    const events = new Emitter<KeyFileEvents>(KEY_FILE_EVENTS);
    super(events);
    this.#events = events;
    const { clock = systemClock, pollMs = DEFAULT_POLL_MS, onError, onReload, onWarning } = ownMembers(options);
    checkNumber("pollMs", pollMs, 1);
    requireClock(clock);
    if (typeof path !== "string") refuseArgument("path", path, "the file's path as a string");
    this.path = path;
    this.#clock = clock;
    this.#pollMs = pollMs;
    events.setCallback("error", onError ?? null);
    events.setCallback("reload", onReload ?? null);
    events.setCallback("warning", onWarning ?? null);
  }

  /**
   * Reads the file, and watches it from then on.
   * @throws UsmpError INVALID_ARG (as a rejection) if the file cannot be read, if others can read or change it, or if
   * it is broken: with line, column and path, never with a key.
   */
  static async open(path: string, options: KeyFileOptions = {}): Promise<KeyFile> {
    const file = new KeyFile(path, options);
    file.#adopt(await readKeyFile(path));
    file.#pollLater();
    return file;
  }

  /** A device's keys, as copies; null for a device that is disabled or not in the file. */
  lookup(deviceId: string): PskEntry | null {
    const entry = this.#devices.get(deviceId);
    if (entry?.enabled !== true) return null;
    const { key, previousKey, previousKeyExpires, cipher } = entry;
    return {
      // Copies: ours are wiped when the file changes, possibly before the caller has used them.
      key: copySecret(key),
      ...(previousKey === undefined ? {} : { previousKey: copySecret(previousKey) }),
      ...(previousKeyExpires === undefined ? {} : { previousKeyExpires: new Date(previousKeyExpires) }),
      ...(cipher === undefined ? {} : { cipher }),
    };
  }

  /** A device's name in the file, or null. */
  nameOf(deviceId: string): string | null {
    return this.#devices.get(deviceId)?.name ?? null;
  }

  /**
   * Calls `listener` for each device that a change of the file has removed or disabled, after the change has taken
   * effect; not for a device whose key has changed, as its session continues. Returns a function that removes the
   * listener.
   */
  onRevoked(listener: (deviceId: string) => void): () => void {
    return this.#events.observe("revoked", listener);
  }

  /** Stops watching; the last keys stay. No callback runs after it has resolved. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#polling;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pollLater(): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(this.#pollMs, () => {
      this.#polling = this.#poll().finally(() => this.#pollLater());
    });
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    let state = "none";
    try {
      const facts = await stat(this.path, { bigint: true });
      state = fingerprint(facts);
      if (state === this.#settled) return;
      // Set before the reading: a state that is invalid need not be read again, either.
      this.#settled = isFresh(facts) ? null : state;
      const content = await readOnce(this.path);
      if (content === null || fingerprint(content.facts) !== state) this.#settled = null;
      else if (!this.#isClosed) this.#adopt(parse(content));
    } catch (cause) {
      this.#failed(state, cause);
    }
  }

  #failed(state: string, cause: unknown): void {
    const error = explain(this.path, cause);
    const trouble = `${state} ${error.message}`;
    if (this.#isClosed || trouble === this.#lastReported) return;
    this.#lastReported = trouble;
    this.#events.report(error);
  }

  #adopt({ content: { facts }, devices, warning }: KeyFileContent): void {
    const before = this.#devices;
    const reload = compare(before, devices);
    const isNews =
      this.#lastReported !== null || [reload.added, reload.changed, reload.revoked].some(({ length }) => length > 0);
    const isFirst = this.#timer === null;
    this.#devices = devices;
    this.#lastReported = null;
    wipe(before);
    for (const { deviceId } of reload.revoked) this.#events.emit("revoked", deviceId);
    if (isNews && !isFirst) this.#events.emit("reload", reload);
    const isTooOpen = HAS_MODES && isGroupReadable(facts);
    if (isTooOpen && !this.#warned) {
      const named = JSON.stringify(this.path);
      this.#events.emit(
        "warning",
        `the group of ${named} can read the keys in it: chmod 600 ${named} makes it private`,
      );
    }
    this.#warned = isTooOpen;
    if (warning !== null && warning !== this.#lastWarning)
      this.#events.emit("warning", `the key file ${JSON.stringify(this.path)}: ${warning}`);
    this.#lastWarning = warning;
  }
}

const HAS_MODES = process.platform !== "win32";

export interface KeyFileContent {
  readonly content: Content;
  readonly devices: ReadonlyMap<string, KeyFileEntry>;
  /** A warning about something that works but should be fixed, or null. */
  readonly warning: string | null;
}

function parse(content: Content): KeyFileContent {
  let warning: string | null = null;
  const devices = parseKeyFile(content.text, (message) => (warning = message));
  return { content, devices, warning };
}

/**
 * Reads a key file once.
 * @throws UsmpError INVALID_ARG as a rejection, naming the file; `cause` has the system's error.
 */
export async function readKeyFile(path: string): Promise<KeyFileContent> {
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const content = await readOnce(path);
      if (content !== null) return parse(content);
    }
  } catch (cause) {
    throw explain(path, cause);
  }
  throw explain(
    path,
    new UsmpError("INVALID_ARG", "it kept changing while it was read: write it under another name, then rename it"),
  );
}

async function readOnce(path: string): Promise<Content | null> {
  const found = await stat(path);
  // Check before opening: opening a device can itself have effects.
  if (!found.isFile()) throw new UsmpError("INVALID_ARG", `it is ${kindOf(found)}; give a regular file`);
  const handle = await open(path, CAUTIOUS_READ);
  try {
    return await readContent(openFile(handle), path, HAS_MODES);
  } finally {
    await handle.close();
  }
}

function openFile(handle: FileHandle): Parameters<typeof readContent>[0] {
  return {
    facts: () => handle.stat({ bigint: true }),
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
  };
}

/** Descriptions of the system's error codes, which not every runtime has. */
const READ_FAILURES: Readonly<Partial<Record<string, string>>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
};

function explain(path: string, cause: unknown): UsmpError {
  const file = `the key file ${JSON.stringify(path)}`;
  if (isUsmpError(cause)) return new UsmpError("INVALID_ARG", `${file}: ${cause.message}`);
  const code = systemCodeOf(cause) ?? causeText(cause);
  const reason = READ_FAILURES[code];
  const why = reason === undefined ? code : `${reason} (${code})`;
  return new UsmpError("INVALID_ARG", `cannot read ${file}: ${why}`, { cause });
}

function compare(before: ReadonlyMap<string, KeyFileEntry>, after: ReadonlyMap<string, KeyFileEntry>): KeyFileReload {
  const enabled = [...after].filter(([, entry]) => entry.enabled);
  const wasEnabled = (deviceId: string): boolean => before.get(deviceId)?.enabled === true;
  const differs = ([deviceId, entry]: [string, KeyFileEntry]): boolean =>
    wasEnabled(deviceId) && !isSame(before.get(deviceId) as KeyFileEntry, entry);
  return {
    devices: enabled.length,
    added: enabled.filter(([deviceId]) => !wasEnabled(deviceId)).map(deviceOf),
    changed: enabled.filter(differs).map(deviceOf),
    revoked: [...before].filter(([id, entry]) => entry.enabled && after.get(id)?.enabled !== true).map(deviceOf),
  };
}

function deviceOf([deviceId, { name }]: [string, KeyFileEntry]): KeyFileDevice {
  return { deviceId, name: name ?? null };
}

const NO_KEY = secretBytes(0);

/** Needs no constant time: it runs only after the file's owner has changed the file. */
function isSame(a: KeyFileEntry, b: KeyFileEntry): boolean {
  return (
    equalBytes(a.key, b.key) &&
    equalBytes(a.previousKey ?? NO_KEY, b.previousKey ?? NO_KEY) &&
    a.previousKeyExpires?.getTime() === b.previousKeyExpires?.getTime() &&
    a.cipher === b.cipher &&
    a.name === b.name
  );
}

function wipe(devices: ReadonlyMap<string, KeyFileEntry>): void {
  for (const { key, previousKey } of devices.values()) {
    key.fill(0);
    previousKey?.fill(0);
  }
}
