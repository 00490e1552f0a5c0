/**
 * A world without network and disk, for programs that are given any arguments at all: whoever connects or listens is refused,
 * and files are kept in memory.
 */
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { hold } from "./invariant.js";

export type Files = Map<string, string>;

/** Runs `step` in that world; everything is as before afterwards. */
export async function inNoWorld<Value>(files: Files, step: () => Promise<Value>): Promise<Value> {
  // Thrown where it happens, it would be taken for the disk's failure.
  const complaints: string[] = [];
  const undo = [
    replace(net.Socket.prototype, "connect", function (this: net.Socket) {
      process.nextTick(() => this.destroy(systemError("ECONNREFUSED")));
      return this;
    }),
    replace(net.Server.prototype, "listen", function (this: net.Server) {
      process.nextTick(() => this.emit("error", systemError("EADDRINUSE")));
      return this;
    }),
    replace(dgram.Socket.prototype, "bind", function (this: dgram.Socket) {
      process.nextTick(() => this.emit("error", systemError("EADDRINUSE")));
      return this;
    }),
    replace(dgram.Socket.prototype, "connect", function (this: dgram.Socket) {
      process.nextTick(() => this.emit("error", systemError("ENETUNREACH")));
    }),
    replace(dns, "lookup", (...args: unknown[]) => {
      const answer = args.at(-1) as (error: Error) => void;
      process.nextTick(() => answer(systemError("ENOTFOUND")));
    }),
    ...inMemory(files, complaints),
  ];
  syncBuiltinESMExports();
  try {
    return await step();
  } finally {
    for (const back of undo) back();
    syncBuiltinESMExports();
    hold(complaints.length === 0, () => complaints.join());
  }
}

function inMemory(files: Files, complaints: string[]): (() => void)[] {
  const find = (file: string): string => {
    const content = files.get(file);
    if (content === undefined) throw systemError("ENOENT");
    return content;
  };
  const create = (file: string, flag?: string, mode?: number): void => {
    if (mode !== 0o600 || flag !== "wx") complaints.push(`a key file is made with ${String(mode)}, ${String(flag)}`);
    if (files.has(file)) throw systemError("EEXIST");
    if (file === "" || file.includes("\0")) throw systemError("ENOENT");
    files.set(file, "");
  };
  return [
    replace(fs, "stat", async (file: string) => factsOf(find(file))),
    replace(fs, "writeFile", async (file: string, content: string, how: { mode?: number; flag?: string }) => {
      create(file, how.flag, how.mode);
      files.set(file, content);
    }),
    replace(fs, "open", async (file: string, flag?: string | number, mode?: number) => {
      // There are no folders.
      if (flag === "r") throw systemError("ENOENT");
      if (typeof flag === "number") return handleOf(Buffer.from(find(file)));
      create(file, flag, mode);
      return {
        writeFile: async (content: string) => void files.set(file, content),
        sync: async () => {},
        close: async () => {},
      };
    }),
    replace(fs, "rename", async (from: string, to: string) => {
      const content = find(from);
      if (from === to) complaints.push("a file takes its own place");
      files.delete(from);
      files.set(to, content);
    }),
    // Of folders there are none, and none can be made.
    replace(fs, "readdir", async () => Promise.reject(systemError("ENOENT"))),
    replace(fs, "mkdir", async () => Promise.reject(systemError("EROFS"))),
    replace(fs, "rm", async (file: string) => void files.delete(file)),
  ];
}

function factsOf({ length: size }: { readonly length: number }): { isFile(): boolean; mode: number; size: number } {
  return { isFile: () => true, mode: size % 2 === 0 ? 0o600 : 0o644, size };
}

function handleOf(content: Buffer): object {
  return {
    stat: async () => factsOf(content),
    read: async (into: Uint8Array, _offset: number, length: number, position: number) => ({
      bytesRead: content.copy(into, 0, position, position + length),
    }),
    close: async () => {},
  };
}

/** Gives back how to undo it. */
function replace(owner: object, name: string, by: unknown): () => void {
  const before: unknown = Reflect.get(owner, name);
  Reflect.set(owner, name, by);
  return () => void Reflect.set(owner, name, before);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: not in this world`), { code });
}
