/**
 * Warns the process: Node prints the warning, and a program can catch it. A browser has only its console for warnings,
 * and a library must not write to that.
 */
export function warnProcess(
  warning: Error | string,
  options: { readonly type?: string; readonly code?: string } = {},
): void {
  const host = (globalThis as { readonly process?: Partial<NodeJS.Process> | null }).process;
  host?.emitWarning?.(warning, options);
}
