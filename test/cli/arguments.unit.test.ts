import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';

const parse = (line: string, environment = {}) => parseArguments(line.split(' ').filter(Boolean), environment);

const id = '11111111-2222-4333-8444-55555555aaaa';

describe('the words of the command line', () => {
  it.each([
    ['status', { name: 'status' }],
    ['runs --limit 5', { name: 'runs', limit: 5 }],
    ['show latest', { name: 'show', run: 'latest' }],
    ['run', { name: 'run', mode: 'incremental', tables: [], beyondLimits: false, giveOwners: false, wait: false }],
    [
      'run --mode orphans --table contact --table lead --beyond-limits --give-owners --wait',
      { name: 'run', mode: 'orphans', tables: ['contact', 'lead'], beyondLimits: true, giveOwners: true, wait: true },
    ],
    [
      'rehearse --wait',
      { name: 'run', mode: 'rehearsal', tables: [], beyondLimits: false, giveOwners: false, wait: true },
    ],
    [
      'rows latest contact --outcome failed',
      { name: 'rows', run: 'latest', table: 'contact', outcome: 'failed', limit: 100 },
    ],
    ['rows latest contact --csv', { csv: true, limit: Number.POSITIVE_INFINITY }],
    ['profile lead 1', { name: 'profile', table: 'lead', id: '1' }],
    [
      `grant --url-dataverse https://contoso.crm.dynamics.com/ --client-id ${id.toUpperCase()} --client-id ${id} --table contact --bypass`,
      {
        name: 'grant',
        dataverse: 'https://contoso.crm.dynamics.com',
        wanted: { tables: ['contact'], clientIds: [id], bypass: true },
      },
    ],
    [
      'grant --print --table lead',
      { name: 'grant', dataverse: undefined, wanted: { tables: ['lead'], clientIds: [], extent: 'linking' } },
    ],
    ['grant --print --table lead --business-units', { wanted: { extent: 'businessUnits' } }],
    ['grant --print --table lead --ownership --business-units', { wanted: { extent: 'ownership' } }],
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
    ['run --confirm', 'say --beyond-limits'],
    ['runs --limit 0', 'whole number'],
    ['runs --limit x', 'whole number'],
    ['rows a b --outcome perfect', 'must be one of'],
    ['status --nonsense', 'nonsense'],
    ['status --print', 'no option --print'],
    ['grant --print', '--table contact'],
    ['grant --print --table Contact', 'must be a logical name'],
    ['grant --table contact', '--client-id'],
    ['grant --table contact --client-id contoso', 'a GUID'],
    [`grant --table contact --client-id ${id}`, '--url-dataverse'],
    [`grant --table contact --client-id ${id} --url-dataverse http://contoso.crm.dynamics.com`, 'must be the root'],
    [`grant --table contact --client-id ${id} --url-dataverse https://a:b@contoso.example`, 'must be the root'],
    ['grant secret --table contact', 'no further word'],
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
    const grant = parse(`grant --table contact --client-id ${id}`, {
      DATAVERSE_URL: 'https://contoso.crm.dynamics.com',
    });
    expect(grant.command).toMatchObject({ dataverse: 'https://contoso.crm.dynamics.com' });
    expect(parse('status').url).toBe('http://127.0.0.1:7071');
  });
});
