import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Whether the module of this `import.meta` is the program that was started, not one that a test imports:
 * `if (isMain(import.meta)) await runSketch(blink);`
 */
export function isMain(meta: { readonly url: string }): boolean {
  const program = process.argv[1];
  if (program === undefined || !meta.url.startsWith("file:")) return false;
  const file = withoutExtension(fileURLToPath(meta.url));
  // The program may be named without its extension, or through a symbolic link.
  return [program, existing(program)].some((path) => withoutExtension(path) === file);
}

function existing(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function withoutExtension(path: string): string {
  return path.replace(/\.[cm]?[jt]s$/, "");
}
