/** The rule for Markdown, for textlint: see {@link PHRASES}. */
import { findPhrases, withoutCode } from "./phrases.js";

interface TextNode {
  readonly type: string;
}

/** As much of textlint's rule context as the rule uses. */
interface RuleContext {
  readonly Syntax: Readonly<Record<"Header" | "Paragraph" | "TableCell", string>>;
  readonly RuleError: new (message: string, position: { readonly padding: unknown }) => object;
  readonly locator: { at(index: number): unknown };
  readonly getSource: (node: TextNode) => string;
  readonly report: (node: TextNode, error: object) => void;
}

/** Looks at each paragraph, heading, list item and table cell. Code blocks are none of these. */
export function proseRule(context: RuleContext): Record<string, (node: TextNode) => void> {
  const { Syntax, RuleError, locator, getSource, report } = context;
  const check = (node: TextNode): void => {
    const text = withoutCode(getSource(node)).replace(/^\|/, " ");
    for (const { index, message } of findPhrases(text))
      report(node, new RuleError(message, { padding: locator.at(index) }));
  };
  return { [Syntax.Paragraph]: check, [Syntax.Header]: check, [Syntax.TableCell]: check };
}
