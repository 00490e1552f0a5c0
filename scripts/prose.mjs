// Checks the English of documents (by textlint, with one rule of our own) and of the comments in lib/: see spec/prose/.
// `npm run lint` runs it. Arguments pick Markdown files instead: `npx tsx scripts/prose.mjs docs/keys.md`.
import { readdirSync, readFileSync } from "node:fs";
import { TextlintKernel } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import { troublesOfComments } from "../spec/prose/comments.ts";
import { proseRule } from "../spec/prose/rule.ts";

function filesBelow(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(ending))
    .sort();
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
  const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].concat(
    ...["docs", "examples", "templates"].map((folder) => filesBelow(folder, ".md")),
  );
  troubles.push(...(await troublesOfDocuments(documents)));
  for (const file of filesBelow("lib", ".ts")) troubles.push(...troublesOfComments(file, readFileSync(file, "utf8")));
}
for (const trouble of troubles) console.error(trouble);
if (troubles.length > 0) process.exitCode = 1;
