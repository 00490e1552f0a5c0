import { mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { ExitCode, UsageError, type Context } from "./context.js";
import { makeKey } from "./key-source.js";
import { ownPackage, type OwnPackage } from "./own-package.js";
import { escapeControls } from "./printable.js";
import { systemReason } from "./system-error.js";

/** The project's name in the template. It appears nowhere else. */
const TEMPLATE_NAME = "my-device";
/** Under their final names npm would leave the first out, and tools would read the others as this project's. */
const FINAL_NAMES: Readonly<Record<string, string>> = {
  "_eslint.config.mjs": "eslint.config.mjs",
  _gitignore: ".gitignore",
  "_package.json": "package.json",
  "_tsconfig.json": "tsconfig.json",
};
const KEY_FILE = "usmp.key";
/** npm's rule for names of new packages. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;
/** The packages that the project installs: npm refuses a dependency with the project's own name. */
const TAKEN_NAMES = new Set(["eslint", "node_modules", "tsx", "typescript", "typescript-eslint", "usmp"]);
/** Files that may exist already: `git init` makes them. */
const HARMLESS = new Set([".git"]);

/** `usmp init`: writes a small project with a device, its gateway, a test and a new key. */
export async function init(given: string, context: Context): Promise<ExitCode> {
  const folder = resolve(given);
  const own = ownPackage();
  const files = await readTemplate(own, checkName(given, basename(folder)));
  const named = JSON.stringify(given);
  try {
    await mkdir(folder, { recursive: true });
    const found = (await readdir(folder)).filter((name) => !HARMLESS.has(name));
    if (found.length > 0) {
      context.tell(escapeControls(`${named} is not empty: name a new folder`));
      return ExitCode.FAILURE;
    }
    await writeAll(folder, files);
  } catch (cause) {
    context.tell(escapeControls(`the project was not written to ${named}: ${systemReason(cause)}`));
    return ExitCode.FAILURE;
  }
  for (const line of nextSteps(folder)) await context.stdout.line(line);
  return ExitCode.OK;
}

/** Writes all files or none, because half a project would block the next attempt. */
async function writeAll(folder: string, files: readonly NewFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const { name, content, mode = 0o666 } of files) {
      const file = join(folder, name);
      const handle = await open(file, "wx", mode);
      written.push(file);
      await handle.writeFile(content).finally(() => handle.close());
    }
  } catch (error) {
    for (const file of written) await rm(file, { force: true });
    throw error;
  }
}

interface NewFile {
  readonly name: string;
  readonly content: string;
  readonly mode?: number;
}

/** @throws UsageError if `given` cannot be the name of a package. */
function checkName(given: string, name: string): string {
  const bad = JSON.stringify(given === "" ? given : name);
  if (TAKEN_NAMES.has(name))
    throw new UsageError(`${bad} is taken by a package that the project uses: choose another name`);
  if (given !== "" && NAME.test(name)) return name;
  throw new UsageError(
    `${bad} is not a valid project name: use lower-case letters, digits and "-", such as ${TEMPLATE_NAME}`,
  );
}

async function readTemplate({ folder, version }: OwnPackage, name: string): Promise<NewFile[]> {
  const template = join(folder, "templates", "device");
  const files: NewFile[] = [{ name: KEY_FILE, content: `${makeKey()}\n`, mode: 0o600 }];
  for (const file of await readdir(template)) {
    const content = (await readFile(join(template, file), "utf8")).replaceAll(TEMPLATE_NAME, name);
    const finalName = FINAL_NAMES[file] ?? file;
    files.push({ name: finalName, content: finalName === "package.json" ? forVersion(content, version) : content });
  }
  return files;
}

/** Makes the project depend on this version of usmp, or a later compatible one. */
function forVersion(packageJson: string, version: string): string {
  const content = JSON.parse(packageJson) as { name: string; dependencies: Record<string, string> };
  content.dependencies["usmp"] = `^${version}`;
  return `${JSON.stringify(content, null, 2)}\n`;
}

function nextSteps(folder: string): string[] {
  const path = relative("", folder);
  return [
    `${basename(folder)}: a device, its gateway and a test are ready. The key that the two share is in ${KEY_FILE}.`,
    "",
    ...(path === "" ? [] : [`  cd ${/^[\w./\\:-]+$/.test(path) ? path : escapeControls(JSON.stringify(path))}`]),
    "  npm install",
    "  npm test             the sketch on a virtual board",
    "  npm run gateway      in one terminal",
    "  npm start            in another: the device",
  ];
}
