import { UsmpError } from "../../errors.js";

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** The name of a member, and where it stands in the text. */
export interface JsonName {
  readonly name: string;
  readonly at: number;
}

const KINDS: Readonly<Record<string, JsonKind>> = {
  "{": "object",
  "[": "array",
  '"': "string",
  "-": "number",
  t: "boolean",
  f: "boolean",
  n: "null",
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/**
 * Reads JSON (RFC 8259) from left to right, as the caller asks for it, and says where in the text it is. So a reader that
 * knows what it wants fails at the first thing that it does not want, and holds no more than it took.
 *
 * Every failure is INVALID_ARG with line and column, and repeats nothing of the text, which may hold secrets.
 */
export class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the next value begins, once {@link peek} has found it. */
  get offset(): number {
    return this.#at;
  }

  /** What kind of value comes next. @throws UsmpError INVALID_ARG where none does. */
  peek(): JsonKind {
    this.#skipSpace();
    const character = this.#text[this.#at] ?? "";
    const kind = isDigit(character) ? "number" : KINDS[character];
    return kind ?? this.#expected("a value");
  }

  /** The members of an object, one by one; the caller reads the value of each before it asks for the next. */
  *members(): Generator<JsonName, void, void> {
    this.#take("{", "an object");
    if (this.#tryTake("}")) return;
    do {
      this.#skipSpace();
      const at = this.#at;
      if (this.#text[at] !== '"') this.#expected("a member's name in double quotes");
      const name = this.string();
      this.#take(":", 'a ":" after the name');
      yield { name, at };
    } while (this.#tryTake(","));
    this.#take("}", 'a "," or the object\'s end');
  }

  /** The items of a list, as {@link members}; what it yields is their index. */
  *items(): Generator<number, void, void> {
    this.#take("[", "a list");
    if (this.#tryTake("]")) return;
    let index = 0;
    do yield index++;
    while (this.#tryTake(","));
    this.#take("]", 'a "," or the list\'s end');
  }

  string(): string {
    this.#take('"', "a text");
    const start = this.#at - 1;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) this.#escape();
      else if (code >= FIRST_PRINTABLE) this.#at++;
      else if (Number.isNaN(code)) this.fail(start, "a text begins here and has no end");
      else
        this.fail(this.#at, "a text holds a line break or another control character, which JSON writes as an escape");
    }
    this.#at++;
    // Not a slice, which would keep the whole text, with every key in it, alive.
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  number(): number {
    this.#skipSpace();
    const start = this.#at;
    this.#skip("-");
    if (!this.#skip("0")) this.#digits();
    if (this.#skip(".")) this.#digits();
    if (this.#skip("e") || this.#skip("E")) {
      if (!this.#skip("+")) this.#skip("-");
      this.#digits();
    }
    return Number(this.#text.slice(start, this.#at));
  }

  boolean(): boolean {
    this.#skipSpace();
    const value = this.#text[this.#at] === "t";
    this.#word(value ? "true" : "false");
    return value;
  }

  null(): null {
    this.#skipSpace();
    this.#word("null");
    return null;
  }

  /** Nothing but space may follow. @throws UsmpError INVALID_ARG */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.fail(this.#at, "expected nothing more");
  }

  /** `"line 3, column 7"`, both counted from 1, columns in characters. */
  place(offset: number): string {
    const lines = this.#text.slice(0, offset).split(/\r\n|\r|\n/);
    return `line ${lines.length}, column ${Array.from(lines.at(-1) as string).length + 1}`;
  }

  /** @throws UsmpError INVALID_ARG with the place in front of the message. */
  fail(offset: number, message: string): never {
    throw new UsmpError("INVALID_ARG", `${this.place(offset)}: ${message}`);
  }

  #escape(): void {
    const isEscape =
      this.#text[this.#at + 1] === "u"
        ? /^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at + 2, this.#at + 6))
        : /^["\\/bfnrt]$/.test(this.#text.slice(this.#at + 1, this.#at + 2));
    if (!isEscape) this.fail(this.#at, "this backslash begins no escape that JSON knows");
    this.#at += this.#text[this.#at + 1] === "u" ? 6 : 2;
  }

  #digits(): void {
    const start = this.#at;
    while (isDigit(this.#text[this.#at] ?? "")) this.#at++;
    if (this.#at === start) this.#expected("a digit");
  }

  #word(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) this.#expected(`"${word}"`);
    this.#at += word.length;
  }

  #take(character: string, what: string): void {
    if (!this.#tryTake(character)) this.#expected(what);
  }

  #tryTake(character: string): boolean {
    this.#skipSpace();
    return this.#skip(character);
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "end")) this.#at++;
  }

  #expected(what: string): never {
    const end = this.#at >= this.#text.length ? ", but the text ends here" : "";
    return this.fail(this.#at, `expected ${what}${end}`);
  }
}

function isDigit(character: string): boolean {
  return character >= "0" && character <= "9" && character.length === 1;
}
