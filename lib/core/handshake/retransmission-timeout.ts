/** §6: the timeout before anything was measured, and what it is kept within afterwards. Milliseconds. */
export const FIRST_RTO_MS = 500;
export const LEAST_RTO_MS = 100;
export const MOST_RTO_MS = 5_000;
