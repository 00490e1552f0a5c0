/**
 * Warns the process: Node prints it, and a program can catch it. A browser has no place for warnings but its console, which is
 * not ours to write to.
 */
export function warnProcess(
  warning: Error | string,
  options: { readonly type?: string; readonly code?: string } = {},
): void {
  const host = (globalThis as { readonly process?: Partial<NodeJS.Process> | null }).process;
  host?.emitWarning?.(warning, options);
}
