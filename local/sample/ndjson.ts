/** Big enough that a request's own cost vanishes, small enough that memory stays flat. */
const chunkCharacters = 2_000_000;

/** Values as newline-delimited JSON, in texts of some two million characters each. */
export function* ndjsonChunksOf(
  values: Iterable<object>,
): Generator<{ readonly text: string; readonly count: number }> {
  let lines: string[] = [];
  let characters = 0;
  for (const value of values) {
    const line = JSON.stringify(value);
    lines.push(line);
    characters += line.length + 1;
    if (characters < chunkCharacters) continue;
    yield { text: `${lines.join('\n')}\n`, count: lines.length };
    lines = [];
    characters = 0;
  }
  if (lines.length > 0) yield { text: `${lines.join('\n')}\n`, count: lines.length };
}
