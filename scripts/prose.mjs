// Checks the English of documents (by textlint, with one rule of our own) and of the comments in lib/: see spec/prose/.
// `npm run lint` runs it. Arguments pick Markdown files instead: `npx tsx scripts/prose.mjs docs/keys.md`.
import { readdirSync, readFileSync } from "node:fs";
import { TextlintKernel } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import { judgeComments } from "../spec/prose/comments.ts";
import { proseRule } from "../spec/prose/rule.ts";

const TO_BE_EDITED = "spec/prose/to-be-edited.txt";

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(ending))
    .sort();
}

function linesOf(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

async function troublesOfDocument(file) {
  const { messages } = await new TextlintKernel().lintText(readFileSync(file, "utf8"), {
    filePath: file,
    ext: ".md",
    plugins: [{ pluginId: "markdown", plugin: markdown.default ?? markdown }],
    rules: [{ ruleId: "prose", rule: proseRule }],
  });
  return messages.map(({ line, message }) => `${file}:${line} ${message}`);
}

async function troublesOfDocuments(files) {
  const troubles = [];
  for (const file of files) troubles.push(...(await troublesOfDocument(file)));
  return troubles;
}

const picked = process.argv.slice(2);
const troubles = [];
if (picked.length > 0) troubles.push(...(await troublesOfDocuments(picked)));
else {
  const listed = linesOf(TO_BE_EDITED);
  const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].concat(
    ...["docs", "examples", "templates"].map((folder) => filesBelow(folder, ".md")),
  );
  troubles.push(...(await troublesOfDocuments(documents.filter((file) => !listed.includes(file)))));
  const sources = new Map(filesBelow("lib", ".ts").map((file) => [file, readFileSync(file, "utf8")]));
  troubles.push(
    ...judgeComments(
      sources,
      listed.filter((file) => file.startsWith("lib/")),
    ),
  );
  console.log(`prose: ${listed.length} files are still to be edited (${TO_BE_EDITED})`);
}
for (const trouble of troubles) console.error(trouble);
if (troubles.length > 0) process.exitCode = 1;
