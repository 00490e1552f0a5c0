/**
 * Fails the whole run where anything was thrown, or rejected, that nobody caught. Mocha alone lets rejections pass, what is
 * thrown where a spec listens for such things itself, and what comes after its last spec. This only watches.
 */
const uncaught: string[] = [];
/** Mocha emits each rejection a second time. */
const known = new WeakSet<Promise<unknown>>();
let isJudged = false;

process.on("uncaughtExceptionMonitor", (error, origin) => {
  if (origin === "uncaughtException") note(origin, error);
});
process.on("unhandledRejection", (reason, promise) => {
  if (known.has(promise)) return;
  known.add(promise);
  note("unhandledRejection", reason);
});

function note(origin: string, reason: unknown): void {
  const text = `${origin}: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`;
  uncaught.push(text);
  if (!isJudged) return;
  console.error(`After the last spec: ${text}`);
  // Behind mocha's own listener, which sets the exit code to the number of failures.
  process.once("exit", () => {
    process.exitCode ||= 1;
  });
}

export const mochaHooks = {
  afterAll(): void {
    isJudged = true;
    if (uncaught.length > 0) throw new Error(`nobody caught ${uncaught.length} errors:\n${uncaught.join("\n")}`);
  },
};
