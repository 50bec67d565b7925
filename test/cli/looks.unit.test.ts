import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRecords } from '../../cli/csv-records.ts';
import { printable, printableJson, printableText } from '../../cli/printable.ts';
import { runText, statusText } from '../../cli/show.ts';
import { terminalOf } from '../../cli/terminal.ts';
import { fold, textTable } from '../../cli/text.ts';
import { sampleRun, sampleTask } from '../api/records.ts';
import { backstamp } from './grant-world.ts';
import { commandNames } from './understand.ts';

const plain = (columns: number) => ({ columns: () => columns, isColoured: false });

describe('text from elsewhere', () => {
  const wicked = fc.string({ unit: 'binary', maxLength: 40 });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const commands = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  it('commands no terminal, whatever is in it', () => {
    fc.assert(
      fc.property(wicked, (text) => {
        expect(printableText(text)).not.toMatch(commands);
        expect(JSON.stringify(printable({ [text]: [text] }))).not.toMatch(commands);
      }),
    );
    expect(printableText('Jane\u001b[2J\u001b]0;owned\u0007 Doe\u009b31m \u202eevil')).toBe(
      'Jane[2J]0;owned Doe31m evil',
    );
    expect(printableText('two\r\nlines\tand more')).toBe('two lines and more');
  });

  it('is the same in JSON for machines, and as harmless for terminals', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '\u009b', '\u001b', '\u007f', '\u202e', '\n', '"') }),
        (text) => {
          const shown = printableJson({ text });
          expect(shown.replaceAll('\n', '')).not.toMatch(commands);
          expect(JSON.parse(shown)).toEqual({ text });
        },
      ),
    );
  });
});

describe('coverage', () => {
  const notLinked = { notInMap: 200, waiting: 7, failed: 0, held: 0, acrossUnits: 0, keyUnusable: 0 };
  const run = sampleRun(1, { tables: ['contact'] });
  const task = sampleTask(run, 'contact', { coverage: { rows: 23_000, linked: 22_793, notLinked } });
  const words = '99.1 % of about 23,000 rows linked; 207 not: 200 not in the map, 7 waiting for their profile.';

  it('stands with the status of each table, and with a run', () => {
    const group = { name: 'Dataverse Hydration', count: 1, tasks: [{ name: 'Hydration', ...task }] };
    const status = statusText({ lastUpdated: run.receivedAt, tables: [], groups: [group] });
    expect(status).toContain(`contact: ${words}`);
    expect(status).toMatch(/contact +Successful +99\.1 % /);
    expect(runText({ ...run, tasks: [task] }, 0)).toContain(`contact\n  ${words}\n`);
  });
});

describe('a table', () => {
  const head = ['run', 'mode', 'rows', 'reason'];
  const runId = '336b5c40cb96e5471d16ca1e9d52e2cd';
  const long = 'Dataverse refused the row (0x80040265): the e-mail address is missing and the lead has no owner.';
  const rows = [[runId, 'incremental', 12_345, long]];

  it('is one line a row in a file or a pipe', () => {
    expect(textTable(head, rows).trim().split('\n')).toHaveLength(2);
  });

  it.each([200, 120, 100, 80, 60, 40])('fits a terminal of %i characters, and cuts nothing off', (columns) => {
    const shown = textTable(head, rows, plain(columns));
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    const words = shown.split(/\s+/);
    for (const word of [...long.split(' '), runId, '12,345']) expect(words).toContain(word);
  });

  it('folds between words, and a word only where it is longer than a line', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ]{0,60}$/), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = fold(text, width);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('has colours on a terminal that has them, and nowhere else', () => {
    const failed = [['contact', 'Failed', 1, 'x']];
    const coloured = textTable(head, failed, { columns: () => 100, isColoured: true });
    expect(coloured).toContain('\u001b[31m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins and ends with one
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(textTable(head, failed, plain(100)));
    expect(textTable(head, failed, plain(100))).not.toContain('\u001b');
  });
});

describe('a terminal', () => {
  const stream = { isTTY: true, columns: 120, hasColors: () => true } as const;

  it('has the colours it can show, unless NO_COLOR holds anything', () => {
    expect(terminalOf(stream, {})?.isColoured).toBe(true);
    expect(terminalOf(stream, { NO_COLOR: '' })?.isColoured).toBe(true);
    for (const NO_COLOR of ['1', '0', 'false']) expect(terminalOf(stream, { NO_COLOR })?.isColoured).toBe(false);
    expect(terminalOf({ ...stream, hasColors: () => false }, {})?.isColoured).toBe(false);
  });

  it('is none where a file or a pipe is written, and has a usual width where it tells none', () => {
    expect(terminalOf({ ...stream, isTTY: false as never }, {})).toBeUndefined();
    expect(terminalOf({ ...stream, columns: 0 }, {})?.columns()).toBe(80);
  });
});

describe('records of CSV', () => {
  const record = fc
    .array(fc.constantFrom('a', '"x\ny"', '"q""q"', ''), { minLength: 1, maxLength: 3 })
    .map((cells) => cells.join(','));

  it('are counted and cut where they end, not where a line does', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.integer({ min: 0, max: 7 }), (records, limit) => {
        const lines = records.map((one) => `${one}\r\n`);
        const cut = firstRecords(lines.join(''), limit);
        expect(cut).toEqual({ text: lines.slice(0, limit).join(''), count: Math.min(limit, records.length) });
      }),
    );
  });
});

describe('completion', () => {
  const script = async (shell: string): Promise<string> => (await backstamp(['completion', shell], {})).out;
  /** What bash offers after some words. */
  const offered = async (line: string): Promise<string[]> => {
    const words = line.split(' ');
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const code = `${await script('bash')}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _backstamp; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', code], { encoding: 'utf8' }).split('\n').filter(Boolean);
  };

  it.each([
    ['backstamp re', ['rehearse', 'revoke']],
    ['backstamp run --m', ['--mode']],
    ['backstamp run --mode ', ['incremental', 'full', 'reconcile']],
    ['backstamp run -m r', ['reconcile']],
    ['backstamp runs --status C', ['Completed\\ with\\ warnings', 'Canceled']],
    ['backstamp show la', ['latest']],
    ['backstamp config u', ['use']],
    ['backstamp config set --s', ['--sign-in']],
    ['backstamp completion p', ['powershell']],
    ['backstamp nothing ', []],
  ])('in bash, after "%s"', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it('in bash, of every command', async () => {
    const first = await offered('backstamp ');
    expect(commandNames().filter((name) => !name.includes(' ') && !first.includes(name))).toEqual([]);
  });

  it('for zsh is that of bash, and for PowerShell names the same words', async () => {
    expect(await script('zsh')).toContain(await script('bash'));
    const powershell = await script('powershell');
    expect(powershell).toContain('Register-ArgumentCompleter -Native -CommandName backstamp');
    for (const name of commandNames()) expect(powershell).toContain(`'${name}' = @(`);
  });
});
