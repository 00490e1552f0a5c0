import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const TIME_AND_PLATFORM = [
  "Buffer",
  "Date",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
];

/** Classes that one copy of the library keeps to itself. */
const NEVER_SHARED = ["CommanderError", "UsageError"];

const INSTANCEOF = {
  selector: `BinaryExpression[operator='instanceof']:not([right.name=/^(${NEVER_SHARED.join("|")})$/])`,
  message: "values come from other realms and other copies: ask for a tag, a brand or a `then` (lib/core/kinds.ts)",
};

const NOT_IN_SPECS = ["usmp", "usmp/arduino", "usmp/testing"].map((name) => ({
  name,
  message: "specs import ../lib/, not the built package",
}));

const NO_REAL_TIME =
  "npm test must not depend on the machine's speed: use a simulated, held or fake clock, or wait for an event (spec/support/patience.ts); what measures belongs in spec/soak/";
const NO_FAKE_TICKS =
  "name what to fake: a fake process.nextTick swallows what Node has queued for sockets that are still open";
const NO_LIMITS = "one limit for all is in .mocharc.json: it only ends what hangs";

/** Specs of other commands than `npm test`, and the helpers that bound waits, slow a network down, or tell time apart. */
const REAL_TIME = [
  "spec/{fuzz,interop,package,simulation,soak}/**",
  "spec/support/{datagram-proxy,echo-process,end-guard,kill-until-end,patience,python-*,sketch-program}.ts",
];

function timeIsFor(name) {
  return { name, message: NO_REAL_TIME };
}

export default defineConfig(
  // Checked are the project's own folders and files: a newcomer's device.ts at the root, or a project of `usmp init`, is not.
  globalIgnores(["*", "!bench/", "!examples/", "!lib/", "!scripts/", "!spec/", "!templates/", "!*.config.mjs"]),
  js.configs.recommended,
  {
    files: ["**/*.{js,cjs,mjs}"],
    languageOptions: { globals: { console: "readonly", process: "readonly", require: "readonly", URL: "readonly" } },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": "allow-with-description" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // With noUncheckedIndexedAccess the alternative is `?? 0`: a branch that no test can reach.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/require-await": "off", // async methods of an interface reject instead of throwing
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: "error",
    },
  },
  {
    files: ["lib/**/*.ts"],
    rules: {
      // A warning: a person judges whether such a file is two things.
      "max-lines": ["warn", { max: 500, skipBlankLines: false, skipComments: false }],
      "no-console": "error",
      "no-restricted-syntax": ["error", INSTANCEOF],
    },
  },
  {
    files: ["lib/cli/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    // Read by newcomers, as they come from the board: a test stands alone, and text is put together with "+".
    files: ["templates/**/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: "test" }] },
      ],
      "@typescript-eslint/restrict-plus-operands": "off",
    },
  },
  {
    // The protocol without I/O: time, randomness and the platform are arguments.
    files: ["lib/core/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...TIME_AND_PLATFORM],
      "no-restricted-imports": ["error", { patterns: [{ group: ["node:*"], message: "core has no I/O" }] }],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "randomness is an argument" },
      ],
    },
  },
  {
    files: ["spec/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unused-expressions": "off", // chai: expect(x).to.be.true
      "no-restricted-imports": ["error", { paths: NOT_IN_SPECS }],
    },
  },
  {
    // A busy machine must not fail `npm test`: time is simulated, or stands still until the spec moves it.
    files: ["spec/**/*.ts"],
    ignores: REAL_TIME,
    rules: {
      "no-restricted-globals": ["error", ...["performance", "setInterval", "setTimeout"].map(timeIsFor)],
      "no-restricted-imports": [
        "error",
        { paths: [...NOT_IN_SPECS, ...["node:perf_hooks", "node:timers", "node:timers/promises"].map(timeIsFor)] },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: NO_REAL_TIME },
        { object: "process", property: "hrtime", message: NO_REAL_TIME },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "CallExpression > MemberExpression.callee[property.name='timeout']", message: NO_LIMITS },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: NO_REAL_TIME },
        {
          selector: "CallExpression[callee.property.name='useFakeTimers'][arguments.length=0]",
          message: NO_FAKE_TICKS,
        },
      ],
    },
  },
);
