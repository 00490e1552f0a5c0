/** Sends a signal until the process is gone: the same one that soon after the first counts as the first. */
export async function killUntilEnd<End>(pid: number, signal: NodeJS.Signals, exit: Promise<End>): Promise<End> {
  const again = setInterval(() => process.kill(pid, signal), 50);
  try {
    return await exit;
  } finally {
    clearInterval(again);
  }
}
