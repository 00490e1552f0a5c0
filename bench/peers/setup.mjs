/** What the process was started for: one JSON argument. */
export const setup = JSON.parse(process.argv[2]);
