/** Key files, whole, mistaken or mangled: what is taken is what JSON says, and what is refused is refused by its place. */
import { parseDeviceId } from "../../../lib/core/wire/device-id.js";
import { isUsmpError } from "../../../lib/errors.js";
import { parseKeyFile, type KeyFileEntry } from "../../../lib/gateway/keys/key-file-parser.js";
import { Choices } from "../choices.js";
import { hold, same } from "../invariant.js";

/** Part of every key that is written here, so that a message that shows one is found out. */
const SECRET = "correct-horse";

const IDS = ["24:0a:c4:01:02:03", "24:0A:C4:01:02:04", "00:00:00:00:00:01", "*", "24:0a", ""];
const KEYS = [`${SECRET}-battery`, `hex:${"ab".repeat(16)}`, `${SECRET}-schlüssel`, SECRET, `hex:${SECRET}`, 5, null];
const DATES = ["2026-12-01T00:00:00Z", "2026-12-01T00:00:00+02:00", "2026-02-30T00:00:00Z", "tomorrow", 5];
const CIPHERS = ["aes-256-gcm", "chacha20-poly1305", "rot13", true];
const NAMES = ["pump", "", "\u202e\n\u001b[2J", "n".repeat(101), {}];
const FLAGS = [true, false, "true", 0];

interface Written {
  readonly text: string;
  /** Whether every choice was of what is allowed, and nothing was mangled. */
  readonly isValid: boolean;
  readonly devices: number;
}

export function fuzz(data: Uint8Array): void {
  const { text, isValid, devices } = new Writer(new Choices(data)).write();
  const said = judge(text);
  if (said.entries !== null) {
    checkTaken(text, said.entries);
    if (isValid) same(said.entries.size, devices, "how many devices");
    return;
  }
  hold(!isValid, () => `${JSON.stringify(text)} is refused: ${said.message}`);
  hold(/line \d+, column \d+/.test(said.message), () => `${said.message} names no place`);
  hold(!said.message.includes(SECRET), () => `${said.message} shows a key`);
  hold(!/[^ -~ü]/.test(said.message), () => `${JSON.stringify(said.message)} is not for a terminal`);
}

type Said =
  { readonly entries: ReadonlyMap<string, KeyFileEntry> } | { readonly entries: null; readonly message: string };

function judge(text: string): Said {
  try {
    return { entries: parseKeyFile(text) };
  } catch (error) {
    hold(isUsmpError(error) && error.code === "INVALID_ARG", () => `it throws ${String(error)}`);
    return { entries: null, message: error.message };
  }
}

/** Nothing is taken that JSON does not say, and nothing that a gateway could not use. */
function checkTaken(text: string, entries: ReadonlyMap<string, KeyFileEntry>): void {
  const parsed = JSON.parse(text) as {
    readonly devices: readonly { readonly id: string; readonly enabled?: boolean }[];
  };
  same(entries.size, parsed.devices.length, "how many devices JSON has");
  for (const { id, enabled = true } of parsed.devices) same(entries.get(id.toLowerCase())?.enabled, enabled, id);
  for (const [id, { key, previousKey, previousKeyExpires }] of entries) {
    same(parseDeviceId(id).length, 6, "the length of an id");
    hold(key.length >= 16 && (previousKey?.length ?? 16) >= 16, "a key is too short");
    same(previousKey === undefined, previousKeyExpires === undefined, "a previous key and its end");
    hold(!Number.isNaN(previousKeyExpires?.getTime() ?? 0), "an end that is no time");
  }
}

class Writer {
  readonly #choices: Choices;
  #isValid = true;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  write(): Written {
    const choices = this.#choices;
    const mode = choices.below(4);
    const devices: unknown[] = [];
    const count = choices.below(4);
    for (let device = 0; device < count; device++) devices.push(this.#device(device, mode === 0));
    const indent = choices.below(3);
    let text = JSON.stringify({ devices }, null, indent);
    if (mode === 2) text = this.#mangled(text);
    if (mode === 3) text = new TextDecoder().decode(choices.rest());
    return { text, isValid: this.#isValid && mode < 2, devices: count };
  }

  /** `careful`: of what is allowed alone. */
  #device(index: number, careful: boolean): unknown {
    const pick = (values: readonly unknown[], allowed: number): unknown => {
      const choice = this.#choices.below(careful ? allowed : values.length);
      if (choice >= allowed) this.#isValid = false;
      return values[choice];
    };
    const device: Record<string, unknown> = { id: careful ? IDS[index] : pick(IDS, 0), key: pick(KEYS, 3) };
    const has = this.#choices.byte();
    if (has & 1) device["name"] = pick(NAMES, 3);
    if (has & 2) device["enabled"] = pick(FLAGS, 2);
    if (has & 4) device["cipher"] = pick(CIPHERS, 2);
    if (has & 8) Object.assign(device, { previousKey: pick(KEYS, 3), previousKeyExpires: pick(DATES, 2) });
    if (!careful && has & 16) device[this.#choices.below(2) === 0 ? SECRET : "previousKey"] = "x";
    if (!careful && has & 32) delete device["key"];
    if (!careful && has & 48) this.#isValid = false;
    return device;
  }

  /** Some of it taken out, doubled, or written over. */
  #mangled(text: string): string {
    let mangled = text;
    for (let edits = 1 + this.#choices.below(4); edits > 0; edits--) {
      const at = this.#choices.uint16() % (mangled.length + 1);
      const to = Math.min(mangled.length, at + this.#choices.below(8));
      const put = [mangled.slice(at, to).repeat(2), "", '"', "\\", "}", "[", ",", "\u0000", "\\ud800", "//"];
      mangled = mangled.slice(0, at) + this.#choices.of(put) + mangled.slice(to);
    }
    return mangled;
  }
}
