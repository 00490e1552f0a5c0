import ts from "typescript";
import { findPhrases, withoutCode } from "./phrases.js";

const MAX_LINE_LENGTH = 120;

interface Comment {
  readonly start: number;
  readonly text: string;
}

/** The comments of a source file, each once; lines of `//` below each other are one. */
function commentsOf(source: ts.SourceFile): Comment[] {
  const { text } = source;
  const ranges = new Map<number, number>();
  const collect = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.pos) ?? []) ranges.set(range.pos, range.end);
    for (const range of ts.getTrailingCommentRanges(text, node.end) ?? []) ranges.set(range.pos, range.end);
    for (const child of node.getChildren(source)) if (!ts.isJSDoc(child)) collect(child);
  };
  collect(source);

  const comments: Comment[] = [];
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = comments.at(-1);
    const between = last === undefined ? "" : text.slice(last.start + last.text.length, start);
    if (last?.text.startsWith("//") === true && text.startsWith("//", start) && /^\n[ \t]*$/.test(between)) {
      comments[comments.length - 1] = { start: last.start, text: text.slice(last.start, end) };
    } else comments.push({ start, text: text.slice(start, end) });
  }
  return comments;
}

/** A comment without its slashes and stars, at the same length. */
function wordsOf(comment: string): string {
  return comment.replace(/^\/\*+|\*+\/$|^[ \t]*(?:\*|\/\/)/gm, (decoration) => " ".repeat(decoration.length));
}

/** "file:line what is wrong" of each comment that somebody has to edit. */
export function troublesOfComments(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const lines = text.split("\n");
  const found = new Map<number, string[]>();
  const note = (index: number, message: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(index);
    found.set(line, [...(found.get(line) ?? []), message]);
  };
  const long = new Set<number>();
  for (const comment of commentsOf(source)) {
    for (const { index, message } of findPhrases(withoutCode(wordsOf(comment.text))))
      note(comment.start + index, message);
    const first = source.getLineAndCharacterOfPosition(comment.start).line;
    for (let line = first; line < first + comment.text.split("\n").length; line++)
      if ((lines[line] ?? "").length > MAX_LINE_LENGTH) long.add(line);
  }
  for (const line of long)
    note(source.getPositionOfLineAndCharacter(line, 0), `a line of more than ${MAX_LINE_LENGTH} characters`);
  return [...found]
    .sort(([a], [b]) => a - b)
    .flatMap(([line, messages]) => messages.map((message) => `${file}:${line + 1} ${message}`));
}
