import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What would be measured is the package as it was built: fails where that is not the source. */
export function checkBuild(): void {
  const built = "dist/index.js";
  if (!existsSync(built)) throw new Error(`${built} is missing: run "npm run build" first`);
  const builtAt = statSync(built).mtimeMs;
  const newer = readdirSync("lib", { recursive: true, encoding: "utf8" }).find(
    (file) => file.endsWith(".ts") && statSync(join("lib", file)).mtimeMs > builtAt,
  );
  if (newer !== undefined) throw new Error(`${built} is older than ${join("lib", newer)}: run "npm run build" first`);
}
