import { cpus, loadavg, release, totalmem } from "node:os";

/** Versions and machine, in one line. */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0]?.toFixed(1) ?? "unknown";
  return (
    `Node ${process.version}, OpenSSL ${process.versions.openssl}, ${process.platform} ${release()}, ` +
    `${cpus()[0]?.model ?? "unknown CPU"} x ${cpus().length}, ${memory}; load ${load}`
  );
}
