// Bundles what tsc emitted: the library for ESM and CommonJS, its types for both, and the command line.
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { dts } from "rollup-plugin-dts";

/** What programs import: `usmp`, `usmp/arduino`, `usmp/testing`. */
const LIBRARY = {
  index: "build/lib/index.js",
  arduino: "build/lib/arduino/index.js",
  testing: "build/lib/testing/index.js",
};
const TYPES = Object.fromEntries(Object.entries(LIBRARY).map(([name, file]) => [name, file.replace(/\.js$/, ".d.ts")]));
const COMMAND_LINE = "build/lib/cli/main.js";
/** Packages that the bundles contain, so that users do not install them. */
const BUNDLED = ["commander", "jsonc-parser"];

const shared = {
  external: [/^node:/, "eventemitter3", "libsodium-wrappers"],
  onwarn(warning) {
    throw new Error(warning.message);
  },
};

/** Makes one entry a program: first line and file mode. */
function executable(entryName) {
  const isProgram = (chunk) => chunk.type !== "asset" && chunk.isEntry && chunk.name === entryName;
  return {
    name: "executable",
    renderChunk(code, chunk) {
      if (!isProgram(chunk) || code.startsWith("#!")) return null;
      return { code: `#!/usr/bin/env node\n${code}`, map: null };
    },
    writeBundle(options, bundle) {
      for (const [file, chunk] of Object.entries(bundle))
        if (isProgram(chunk)) chmodSync(join(options.dir, file), 0o755);
    },
  };
}

const NOTICES = "THIRD-PARTY-NOTICES.md";

/** The folder of the package that a bundled module comes from; undefined for a module of this project. */
function packageFolderOf(moduleId) {
  // A module that a plugin derived from a file has a NUL in front of that file's path.
  const path = moduleId.replace("\0", "");
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(path)?.[0];
}

/** Writes the licence of every package that the bundles contain. Fails the build for a package without a licence file. */
function notices() {
  return {
    name: "notices",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => Object.keys(chunk.modules ?? {}));
      const folders = new Set(modules.map(packageFolderOf).filter((folder) => folder !== undefined));
      const sections = [...folders].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
        if (file === undefined) throw new Error(`${name} is bundled and has no licence file`);
        return `## ${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
      });
      const source = [
        "# Third-party notices\n\nThe `usmp` program and the library contain these packages.\n",
        ...sections,
      ].join("\n");
      this.emitFile({ type: "asset", fileName: NOTICES, source });
    },
  };
}

export default [
  {
    ...shared,
    // All entries in one build: what they share becomes files of its own, nothing exists twice.
    input: { ...LIBRARY, cli: COMMAND_LINE },
    plugins: [nodeResolve({ resolveOnly: BUNDLED }), commonjs(), executable("cli"), notices()],
    output: { dir: "dist", format: "es", chunkFileNames: "shared-[hash].js" },
  },
  {
    ...shared,
    input: LIBRARY,
    plugins: [nodeResolve({ resolveOnly: BUNDLED })],
    output: {
      dir: "dist",
      format: "cjs",
      exports: "named",
      entryFileNames: "[name].cjs",
      chunkFileNames: "shared-[hash].cjs",
    },
  },
  {
    ...shared,
    input: TYPES,
    plugins: [dts()],
    onwarn(warning) {
      // The class stays out of what `usmp` exports; its type is there, as an alias (lib/index.ts).
      if (!/^\[plugin dts\].* exports with no public re-export: Subscribable\$1\. /.test(warning.message))
        shared.onwarn(warning);
    },
    output: [
      { dir: "dist", format: "es", entryFileNames: "[name].d.ts", chunkFileNames: "shared-[hash].d.ts" },
      { dir: "dist", format: "es", entryFileNames: "[name].d.cts", chunkFileNames: "shared-[hash].d.cts" },
    ],
  },
];
