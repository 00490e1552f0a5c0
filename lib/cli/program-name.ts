import { isAbsolute, relative } from "node:path";

/**
 * The command that starts this program again from the same folder: `usmp` for a global install, `npx usmp` in a
 * project, `node dist/cli.js` for a file.
 * @param script `process.argv[1]`
 */
export function programName(script: string, env: Readonly<Record<string, string | undefined>>): string {
  const path = script.replaceAll("\\", "/");
  if (path.includes("/node_modules/.bin/")) return "npx usmp";
  // Windows starts the file itself, in a project as well as for a global install.
  if (path.endsWith("/node_modules/usmp/dist/cli.js")) return env["npm_command"] === undefined ? "usmp" : "npx usmp";
  if (!path.endsWith("/cli.js")) return "usmp";
  const fromHere = relative("", script);
  const file = fromHere.startsWith("..") || isAbsolute(fromHere) ? script : fromHere;
  return `node ${/^[\w./\\:-]+$/.test(file) ? file : JSON.stringify(file)}`;
}
