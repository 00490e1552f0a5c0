/** A Python environment under build/ with the public Python SDK, which the interop specs and the benchmark talk to. */
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** The version whose habits §9 describes. */
const SDK_VERSION = "1.2.2";
const PACKAGE = `usmp==${SDK_VERSION}`;

const WINDOWS = process.platform === "win32";
const SYSTEM_PYTHON = WINDOWS ? "python" : "python3";
const FOLDER = resolve("build/python-peer");
const PYTHON = WINDOWS ? join(FOLDER, "Scripts", "python.exe") : join(FOLDER, "bin", "python");
const STAMP = join(FOLDER, "complete.txt");

const QUESTION_LIMIT_MS = 20_000;
/** A download over a slow line. */
const INSTALL_LIMIT_MS = 240_000;

/** How long {@link pythonWithSdk} may take, in milliseconds, with a margin. */
export const PYTHON_SETUP_LIMIT_MS = 2 * INSTALL_LIMIT_MS;

const run = promisify(execFile);

let ready: Promise<string> | undefined;

/**
 * The path of a Python interpreter that has the SDK. Makes the environment where it is missing, broken, or made by another
 * Python; else it is used again. Rejects with what to install or to check.
 */
export function pythonWithSdk(): Promise<string> {
  return (ready ??= prepare());
}

async function prepare(): Promise<string> {
  const stamp = `${PACKAGE}, ${await systemPythonVersion()}\n`;
  if (!(await isComplete(stamp))) {
    await rm(FOLDER, { recursive: true, force: true });
    await install();
    await writeFile(STAMP, stamp);
  }
  return PYTHON;
}

async function systemPythonVersion(): Promise<string> {
  try {
    return (await ask(SYSTEM_PYTHON, "--version")).trim();
  } catch (cause) {
    throw new Error(`${SYSTEM_PYTHON} does not run: install Python 3.11, 3.12 or 3.13 with its venv module`, { cause });
  }
}

async function isComplete(stamp: string): Promise<boolean> {
  try {
    if ((await readFile(STAMP, "utf8")) !== stamp) return false;
    const program = "import usmp, importlib.metadata as m; print(m.version('usmp'))";
    return (await ask(PYTHON, "-c", program)).trim() === SDK_VERSION;
  } catch {
    return false;
  }
}

async function install(): Promise<void> {
  try {
    await run(SYSTEM_PYTHON, ["-m", "venv", FOLDER], { timeout: INSTALL_LIMIT_MS });
  } catch (cause) {
    const advice = "install Python's venv module (Debian, Ubuntu: apt install python3-venv)";
    throw new Error(`${SYSTEM_PYTHON} -m venv failed: ${advice}\n${outputOf(cause)}`, { cause });
  }
  try {
    const options = ["--quiet", "--no-input", "--disable-pip-version-check"];
    await run(PYTHON, ["-m", "pip", "install", ...options, PACKAGE], { timeout: INSTALL_LIMIT_MS });
  } catch (cause) {
    const advice = "can this machine reach a Python package index, and is its Python 3.11, 3.12 or 3.13?";
    throw new Error(`pip install ${PACKAGE} failed: ${advice}\n${outputOf(cause)}`, { cause });
  }
}

async function ask(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args, { timeout: QUESTION_LIMIT_MS })).stdout;
}

/** What a failed program printed: venv complains on stdout, pip on stderr. */
function outputOf(cause: unknown): string {
  const { stdout = "", stderr = "" } = cause as { readonly stdout?: string; readonly stderr?: string };
  return `${stdout}${stderr}`.trim();
}
