/** Ends a run that does not end by itself, and names what keeps it: a socket or a timer that a spec, or the library, left open. */
const PATIENCE_MS = 60_000;

export const mochaHooks = {
  afterAll(): void {
    const timer = setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(", ");
      console.error(`Still open ${PATIENCE_MS / 1_000} s after the last spec: ${open}`);
      process.exit(1);
    }, PATIENCE_MS);
    timer.unref();
  },
};
