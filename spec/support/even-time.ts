/** A board for specs that count milliseconds: it starts at 0, and a turn that does not wait takes one, exactly. */
export const EVEN = { startMillis: 0, turnMs: 1 } as const;
