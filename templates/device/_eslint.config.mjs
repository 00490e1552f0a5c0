// What a compiler for a board says by itself, and TypeScript does not: above all that an `await` is missing.
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig({
  files: ["*.ts"],
  extends: [tseslint.configs.base],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    "@typescript-eslint/await-thenable": "error",
    // node:test waits for its tests by itself.
    "@typescript-eslint/no-floating-promises": [
      "error",
      { ignoreVoid: false, allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: "test" }] },
    ],
    // A callback cannot wait.
    "@typescript-eslint/no-misused-promises": "error",
  },
});
