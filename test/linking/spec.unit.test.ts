import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isFinal, statusSchema } from '../../shared/contracts/status.ts';
import { taskEvents, taskTransitions } from '../../shared/runs/task-transitions.ts';
import { mayFollow, phaseOrders, statesOf } from '../support/link-state-transitions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const spec = readFileSync(`${root}SPEC.md`, 'utf8');

interface NamedTest {
  readonly invariant: string;
  readonly file: string;
  readonly title: string;
}

const invariants = [...spec.matchAll(/^### (I\d+) .+\n([\s\S]*?)(?=^##)/gm)].map(([, number = '', text = '']) => ({
  number,
  text,
}));
const named = invariants.flatMap(({ number, text }) =>
  [...text.matchAll(/^- (test\/\S+\.ts): (.+)$/gm)].map(
    ([, file = '', title = '']): NamedTest => ({ invariant: number, file, title }),
  ),
);

describe('SPEC.md', () => {
  it('has every invariant, each with tests', () => {
    expect(invariants.length).toBe(16);
    expect(invariants.map(({ number }) => number)).toEqual(invariants.map((_, at) => `I${at + 1}`));
    for (const { number } of invariants) {
      expect(named.filter(({ invariant }) => invariant === number).length, number).toBeGreaterThan(0);
    }
    // Every line of a list names a test in the form that is checked here.
    expect(named.length).toBe(invariants.flatMap(({ text }) => text.match(/^- /gm) ?? []).length);
  });

  it.each(named)('names a test of $invariant that exists: $title', ({ invariant, file, title }) => {
    expect(existsSync(`${root}${file}`)).toBe(true);
    const source = readFileSync(`${root}${file}`, 'utf8');
    const quoted = [`'${title}'`, `"${title}"`, `\`${title}\``];
    expect(quoted.some((text) => source.includes(text))).toBe(true);
    expect(title.split(' ')).toContain(invariant);
  });

  /** The page's lines as words alone: a formatter may line its tables up as it likes. */
  const lines = spec.split('\n').map((line) => line.replaceAll(/ +/g, ' '));

  it("shows a task's transitions as the program has them", () => {
    const row = (status: keyof typeof taskTransitions) =>
      `| ${status} | ${taskEvents.map((event) => taskTransitions[status][event]).join(' | ')} |`;
    expect(lines).toContain(`| | ${taskEvents.join(' | ')} |`);
    for (const status of statusSchema.options.filter((each) => !isFinal(each))) expect(lines).toContain(row(status));
  });

  it.each(Object.entries(phaseOrders))(
    'shows the transitions of a pass of %s as the program has them',
    (kind, order) => {
      const states = statesOf(order);
      const head = lines.indexOf(`| ${kind} | ${states.join(' | ')} |`);
      expect(head, 'the head of its table').toBeGreaterThan(0);
      states.forEach((from, at) => {
        const [, name, ...cells] = (lines[head + 2 + at] ?? '').split('|').map((cell) => cell.trim());
        expect(name).toBe(from);
        expect(
          cells.slice(0, -1).map((cell) => cell !== '–'),
          from,
        ).toEqual(states.map((to) => mayFollow(order, from, to)));
      });
    },
  );
});
