/** Runs the main paths where zone.js has replaced `Promise` and timers, as in an Angular program. One line of JSON a path. */
import "zone.js/node";

import { MAIN_PATHS, type Realm } from "./main-paths.js";

const library = await import("./whole-library.js");

const realm: Realm = {
  ArrayBuffer,
  DataView,
  Date,
  Error,
  Map,
  Promise,
  Uint16Array,
  Uint8Array,
  asyncFunction: (step) => async () => step(),
};

console.log(
  JSON.stringify([
    "tell that Promise is not Node's own",
    (async () => {})() instanceof Promise ? "it is Node's own" : "ok",
  ]),
);
for (const [title, path] of Object.entries(MAIN_PATHS)) {
  const outcome = await path(library, realm).then(
    () => "ok",
    (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  console.log(JSON.stringify([title, outcome]));
}
