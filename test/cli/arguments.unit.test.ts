import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';

const parse = (line: string, environment = {}) => parseArguments(line.split(' ').filter(Boolean), environment);

describe('the words of the command line', () => {
  it.each([
    ['status', { name: 'status' }],
    ['runs --limit 5', { name: 'runs', limit: 5 }],
    ['show latest', { name: 'show', run: 'latest' }],
    ['run', { name: 'run', mode: 'incremental', tables: [], confirm: false, wait: false }],
    [
      'run --mode orphans --table contact --table lead --confirm --wait',
      { name: 'run', mode: 'orphans', tables: ['contact', 'lead'], confirm: true, wait: true },
    ],
    ['rehearse --wait', { name: 'run', mode: 'rehearsal', tables: [], confirm: false, wait: true }],
    [
      'rows latest contact --outcome failed',
      { name: 'rows', run: 'latest', table: 'contact', outcome: 'failed', limit: 100 },
    ],
    ['rows latest contact --csv', { csv: true, limit: Number.POSITIVE_INFINITY }],
    ['profile lead 1', { name: 'profile', table: 'lead', id: '1' }],
    ['doctor --help', { name: 'help' }],
  ])('"%s" is understood', (line, command) => {
    expect(parse(line).command).toMatchObject(command);
  });

  it.each([
    ['', 'Which command'],
    ['stats', 'no command "stats"'],
    ['status --csv', 'no option --csv'],
    ['show', 'takes <run>'],
    ['profile lead', 'takes <table> and <id>'],
    ['status now', 'no further word'],
    ['run --mode rehearsal', 'must be incremental, full or orphans'],
    ['runs --limit 0', 'whole number'],
    ['runs --limit x', 'whole number'],
    ['rows a b --outcome perfect', 'must be one of'],
    ['status --nonsense', 'nonsense'],
    ['status --url contoso', 'root of the app'],
    ['status --url https://contoso.example/?code=abc', 'BACKSTAMP_KEY'],
  ])('"%s" is refused and says why', (line, reason) => {
    expect(() => parse(line)).toThrow(reason);
  });

  it('finds the app by option, environment, or on this machine', () => {
    expect(parse('status --url https://a.example/api/', { BACKSTAMP_URL: 'https://b.example' }).url).toBe(
      'https://a.example',
    );
    expect(parse('status', { BACKSTAMP_URL: 'https://b.example' }).url).toBe('https://b.example');
    expect(parse('status').url).toBe('http://127.0.0.1:7071');
  });
});
