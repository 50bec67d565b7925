/** One line of a plot. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

const WIDTH = 860;
const HEIGHT = 300;
const MARGIN = { left: 64, right: 16, top: 36, bottom: 44 };

/** A line plot as SVG: readable on light and dark ground, without scripts or fonts of its own. */
export function plot(title: string, axes: { readonly x: string; readonly y: string }, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const maxX = roundUp(Math.max(1, ...all.map(([x]) => x)));
  const maxY = roundUp(Math.max(1, ...all.map(([, y]) => y)));
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const x = (value: number): number => round(MARGIN.left + (value / maxX) * inner.width);
  const y = (value: number): number => round(MARGIN.top + inner.height - (value / maxY) * inner.height);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const [at, label] = [y(part * maxY), (part * maxY).toLocaleString('en-US')];
    return (
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#8884"/>` +
      `<text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${label}</text>`
    );
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="${x(part * maxX)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${(part * maxX).toLocaleString('en-US')}</text>`,
  );
  const paths = lines.map(
    ({ colour, points }) =>
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.map(([px, py]) => `${x(px)},${y(py)}`).join(' ')}"/>`,
  );
  const legend = lines.map(
    ({ name, colour }, n) =>
      `<text x="${MARGIN.left + n * 260}" y="${HEIGHT - 6}" style="fill:${colour}">${escapeXml(name)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<style>text{fill:#555}@media(prefers-color-scheme:dark){text{fill:#ccc}}</style>',
    `<text x="${MARGIN.left}" y="20" font-size="14">${escapeXml(title)}</text>`,
    `<text x="${WIDTH - MARGIN.right}" y="20" text-anchor="end">${escapeXml(`${axes.y} over ${axes.x}`)}</text>`,
    ...grid,
    ...ticks,
    ...paths,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

/** The next round number, so that the axis ends on one. */
function roundUp(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 6, 8, 10].find((one) => one * magnitude >= value) ?? 10;
  return step * magnitude;
}

const round = (value: number): number => Math.round(value * 10) / 10;
const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
