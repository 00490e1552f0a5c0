/** §6: the timeout before anything was measured, and what it is kept within afterwards. Milliseconds. */
export const FIRST_RTO_MS = 500;
export const MIN_RTO_MS = 100;
export const MAX_RTO_MS = 5_000;
