/** The goals as bars: how far past its goal, or short of it, each figure is. */
import { isMet, type Finding } from "./judge.js";
import { goalText, short } from "./table.js";

const ROW = 24;
const TOP = 56;
const LABELS = 560;
const BARS = 300;
const FIGURES = 190;
/** Bars end here: four times better or worse than the goal. */
const MOST = 4;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .met { fill: #0969da }
  .missed { fill: #bc4c00 }
  line { stroke: #d1d9e0 }
  .goal { stroke: #59636e; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .met { fill: #4493f8 }
    .missed { fill: #db6d28 }
    line { stroke: #3d444d }
    .goal { stroke: #9198a1 }
  }`;

/** How many times better than its goal a figure is; below 1 it misses it. */
export function score({ value, least, most }: Finding): number {
  if (least !== undefined) return value / least;
  // What costs nothing, or less than the other, cannot be divided by.
  return value <= 0 ? Infinity : (most ?? NaN) / value;
}

export function chart(goals: readonly Finding[]): string {
  const width = LABELS + BARS + FIGURES;
  const height = TOP + goals.length * ROW + 16;
  const bottom = height - 12;
  const ticks = [1 / MOST, 1 / 2, 1, 2, MOST].map((times) => {
    const label = times === 1 ? "the goal" : times < 1 ? `${1 / times} x short` : `${times} x better`;
    const line = `<line class="${times === 1 ? "goal" : ""}" x1="${xOf(times)}" x2="${xOf(times)}" y1="${TOP - 8}" y2="${bottom}"/>`;
    return `${line}<text class="quiet" x="${xOf(times)}" y="${TOP - 14}" text-anchor="middle">${label}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">
<title>Each goal, and how far the figure is from it</title>
<style>${STYLE}</style>
<text class="title" x="8" y="20">Goals, each figure divided by its goal</text>
${ticks.join("\n")}
${goals.map(row).join("\n")}
</svg>
`;
}

function row(finding: Finding, index: number): string {
  const y = TOP + index * ROW;
  const end = xOf(score(finding));
  const [from, width] = [Math.min(xOf(1), end), Math.max(2, Math.abs(end - xOf(1)))];
  const against = finding.against === null ? finding.figure : `${finding.figure} / ${finding.against}`;
  const label = `${finding.comparison}: ${finding.measure === "difference" ? against.replace("/", "-") : against}`;
  const figure = `${short(finding.value)}, ${goalText(finding)}`;
  return (
    `<text x="8" y="${y + 14}">${escape(label)}</text>` +
    `<rect class="${isMet(finding) ? "met" : "missed"}" x="${from}" y="${y + 3}" width="${width.toFixed(1)}" height="14" rx="2"/>` +
    `<text x="${LABELS + BARS + 12}" y="${y + 14}">${escape(figure)}</text>`
  );
}

/** On a logarithmic scale: twice as good is as far from the goal as half as good. */
function xOf(times: number): number {
  const clipped = Math.min(Math.max(times, 1 / MOST), MOST);
  const share = (Math.log2(clipped) + Math.log2(MOST)) / (2 * Math.log2(MOST));
  return Number((LABELS + share * BARS).toFixed(1));
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
