/** Turns of phrase that make a reader stop, and what to write instead. Documents and comments are searched for them alike. */

export interface Phrase {
  readonly pattern: RegExp;
  readonly instead: string;
}

export interface Finding {
  /** Where it begins in the text. */
  readonly index: number;
  readonly message: string;
}

/** Where a sentence may begin: at the start, after a full stop, after a blank line, and behind emphasis or a quotation mark. */
const SENTENCE = String.raw`(?<=^[\s#*_"]*|[.!?:;]\s+[*_"]*|\n\s*\n[\s*_"]*)`;

export const PHRASES: readonly Phrase[] = [
  {
    pattern: new RegExp(String.raw`${SENTENCE}Who\b(?![^.!?]*\?)`, "g"),
    instead: 'name the subject, as in "A peer that ...", or write "If you ..."',
  },
  { pattern: /\bwho(?:m|so)?ever\b/gi, instead: 'name the subject, as in "an attacker who ..." or "the caller"' },
  { pattern: /\bnobody\s+but\b/gi, instead: 'write "only"' },
  {
    pattern: /\b(?:am|are|be|been|being|is|was|were)\s+(?:not\s+|never\s+)?told\b/gi,
    instead: 'write "gets", "is called with" or "is reported to"',
  },
  { pattern: /\b(?:go|goes|going|gone|went)\s+on\b/gi, instead: 'write "continues", "happens" or "takes effect"' },
  {
    pattern: /\b(?:make|makes|making|made)\s+way\b/gi,
    instead: 'write "is replaced by", "is dropped for" or "ends for"',
  },
  { pattern: /\bwhat\s+is\s+no\b/gi, instead: 'name it, as in "a value that is not ..."' },
  { pattern: /\band\s+(?:its|their)\s+kin\b/gi, instead: 'write "and similar ones", or list them' },
];

/** What `text` has of them. Put {@link withoutCode} around Markdown and comments: code may say what it likes. */
export function findPhrases(text: string): Finding[] {
  return PHRASES.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map((match) => ({
      index: match.index,
      message: `"${match[0].replace(/\s+/g, " ")}": ${instead}`,
    })),
  ).sort((a, b) => a.index - b.index);
}

/** `text` with code between backticks masked, at the same length. */
export function withoutCode(text: string): string {
  return text.replace(/(`+)[^`]+\1/g, (code) => code.replace(/[^\n]/g, "_"));
}
