export function tell(what: Readonly<Record<string, unknown>>): void;

type Command = (options: never) => unknown;

export function obey(commands: Readonly<Record<string, Command>>): void;
