/** What a program in JavaScript can give where the types ask for something else. */
import { expect } from "chai";

export const UNDEFINED = { shown: "undefined", value: undefined };
export const NULL = { shown: "null", value: null };
export const NUMBER = { shown: "5", value: 5 };
export const TEXT = { shown: '"text"', value: "text" };
export const OBJECT = { shown: "{}", value: {} };

interface Wrong {
  readonly shown: string;
  readonly value: unknown;
}

/** Everything, where nothing of it is right. */
export const ANYTHING: readonly Wrong[] = [UNDEFINED, NULL, NUMBER, TEXT, OBJECT];
/** As `ANYTHING`, for what need not be given. */
export const GIVEN: readonly Wrong[] = [NULL, NUMBER, TEXT, OBJECT];
/** For options, which any object is, and which may be left out. */
export const NO_OPTIONS: readonly Wrong[] = [NULL, NUMBER, TEXT];

/** What the engine says of a mistake that the library did not see. */
const ENGINE =
  /Cannot (read|convert|set|use|mix|destructure)|is not (a function|iterable|a constructor|an object|defined)|\(reading|Invalid array length|must be of type/;

export interface Row {
  /** The call, with `_` for the argument. */
  readonly call: string;
  /** What the message has to name. */
  readonly names: string | RegExp;
  readonly wrong: readonly Wrong[];
  /** May throw, reject, or give something that says no, with the reason from `refusal`. */
  readonly run: (given: never) => unknown;
  readonly refusal?: () => string;
}

/** A spec for each row and each value: the outcome is an error that names the argument. */
export function refuses(rows: readonly Row[]): void {
  for (const { call, names, wrong, run, refusal } of rows) {
    for (const { shown, value } of wrong) {
      it(`refuses ${call.replace(/(?<!\w)_(?!\w)/, shown)}`, async () => {
        const message = await messageOf(() => run(value as never), refusal);
        expect(message).not.to.match(ENGINE);
        expect(message).to.match(typeof names === "string" ? new RegExp(`\\b${names}\\b`) : names);
      });
    }
  }
}

async function messageOf(step: () => unknown, refusal?: () => string): Promise<string> {
  let outcome: unknown;
  try {
    outcome = await step();
  } catch (error) {
    return (error as Error).message;
  }
  if (refusal !== undefined && outcome === false) return refusal();
  throw new Error(`it was taken, and gave ${String(outcome)}`);
}
