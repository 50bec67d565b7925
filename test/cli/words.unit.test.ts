import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backstamp } from './grant-world.ts';
import { commandNames, understand } from './understand.ts';

const id = '11111111-2222-4333-8444-55555555aaaa';
const say = (line: string, environment: Record<string, string> = {}) =>
  backstamp(line.split(' ').filter(Boolean), { BACKSTAMP_CONFIG: '/nowhere/config.json', ...environment });

describe('the words of the command line', () => {
  it.each([
    ['status', {}],
    [
      'runs -n 5 -s Failed Canceled -t contact --json',
      { limit: 5, status: ['Failed', 'Canceled'], table: 'contact', json: true },
    ],
    ['show latest -w', { watch: true }],
    ['run', { mode: 'incremental' }],
    [
      'run --mode orphans --table contact -t lead --beyond-limits --give-owners --wait --timeout 10m',
      {
        mode: 'reconcile',
        table: ['contact', 'lead'],
        beyondLimits: true,
        giveOwners: true,
        wait: true,
        timeout: 600_000,
      },
    ],
    ['run --mode reconcile', { mode: 'reconcile' }],
    ['runs --mode orphans', { mode: 'reconcile' }],
    ['rehearse --wait', { wait: true }],
    ['rows latest contact -o failed -n 7', { outcome: 'failed', limit: 7 }],
    ['rows latest contact --csv', { csv: true }],
    ['cancel --all', { all: true }],
    ['discover --write infra/unification.json', { write: 'infra/unification.json' }],
    [
      `grant --url-dataverse https://contoso.crm.dynamics.com/ --client-id ${id} --client-id ${id} --table contact`,
      { clientId: [id, id] },
    ],
    ['grant --print --table lead --ownership --business-units', { print: true, ownership: true }],
    [`revoke --url-dataverse https://contoso.crm.dynamics.com --client-id ${id} --dry-run`, { dryRun: true }],
  ])('"%s" is understood', (line, options) => {
    expect(understand(line.split(' ')).options).toMatchObject(options);
  });

  it.each([
    ['', 'Usage: backstamp'],
    ['stats', "unknown command 'stats'"],
    ['stauts', 'Did you mean status?'],
    ['run --tabel lead', 'Did you mean --table?'],
    ['status --csv', "unknown option '--csv'"],
    ['show', "missing required argument 'run'"],
    ['profile lead', "missing required argument 'id'"],
    ['status now', 'too many arguments'],
    ['run --mode rehearsal', 'Allowed choices are incremental, full, reconcile'],
    ['run --table contact -t lead -t contact', 'give each once'],
    ['confirm', "missing required argument 'hold'"],
    ['confirm 2E392FB380395851', '16 lower-case hexadecimal digits'],
    ['run --confirm', '--confirm meant two things'],
    ['run --timeout 10m', '--timeout goes with --wait'],
    ['run --wait --timeout soon', 'such as 90s, 10m, 2h or 1d'],
    ['runs --limit 0', 'whole number'],
    ['runs --limit x', 'whole number'],
    ['runs --since yesterday', 'such as 2026-03-01'],
    ['runs --status Great', 'Allowed choices'],
    ['rows a b --outcome perfect', 'Allowed choices'],
    ['rows a B', 'logical name'],
    ['cancel', 'or give --all'],
    ['cancel latest --all', 'or give --all'],
    ['status --print', "unknown option '--print'"],
    ['grant --url https://contoso.example --print --table contact', "unknown option '--url'"],
    ['grant --print', '--table contact'],
    ['grant --print --table Contact', 'must be a logical name'],
    ['grant --table contact', '--client-id'],
    ['grant --table contact --client-id contoso', 'a GUID'],
    [`grant --table contact --client-id ${id}`, '--url-dataverse'],
    [`grant --table contact --client-id ${id} --url-dataverse http://contoso.crm.dynamics.com`, 'must be the root'],
    [`grant --table contact --client-id ${id} --url-dataverse https://a:b@contoso.example`, 'must be the root'],
    ['grant secret --table contact', 'too many arguments'],
    ['status --url contoso', 'root of the app'],
    ['status --url ftp://contoso.example', 'root of the app'],
    ['status --profile nowhere', 'There is no profile "nowhere"'],
    ['config set a_b --url https://contoso.example', 'letters, digits and dashes'],
    ['config set test', '--url URL'],
    ['completion fish', 'one of bash, zsh, powershell'],
  ])('"%s" is refused, ends with 2 and says why', async (line, reason) => {
    expect(await say(line)).toMatchObject({ code: 2, complaint: expect.stringContaining(reason), out: '' });
  });

  it.each([
    ['https://contoso.example/?code=abc', 'BACKSTAMP_KEY'],
    ['https://user:abc@contoso.example', 'BACKSTAMP_KEY'],
    ['https://contoso.example/#abc', 'BACKSTAMP_KEY'],
    ['http://contoso.example', 'must begin with https'],
    ['http://localhost.contoso.example', 'must begin with https'],
    ['http://127.0.0.1.contoso.example', 'must begin with https'],
  ])('no key is sent to %s, and what may be one is not repeated', async (url, reason) => {
    for (const asked of [say(`status --url ${url}`), say('status', { BACKSTAMP_URL: url })]) {
      const { code, complaint } = await asked;
      expect({ code, complaint }).toEqual({ code: 2, complaint: expect.stringContaining(reason) });
      expect(complaint).not.toContain('abc');
    }
  });

  it.each(['BACKSTAMP_KEY', 'BACKSTAMP_TOKEN', 'DATAVERSE_TOKEN'])(
    'a line break in %s is refused, unprinted',
    async (name) => {
      const line =
        name === 'DATAVERSE_TOKEN'
          ? `grant --table contact --client-id ${id} --url-dataverse http://127.0.0.1:9`
          : 'status --url http://127.0.0.1:9';
      for (const secret of ['abc\ndef', 'abc\r\nx-evil: 1', 'abc def', 'äbc', 'abc\u0000']) {
        const { code, complaint, out } = await say(line, { [name]: secret });
        expect({ code, out }).toEqual({ code: 2, out: '' });
        expect(complaint).toContain(name);
        expect(complaint).not.toContain('bc');
      }
    },
  );

  it('tells the version, and with every command what it takes and an example', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const word of ['--version', '-V']) expect(await say(word)).toMatchObject({ code: 0, out: `${version}\n` });
    for (const name of commandNames()) {
      const { code, out } = await say(`${name} --help`);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: backstamp ${name}`);
      expect(out).toMatch(/For example:\n {2}/);
    }
    expect((await say('help run')).out).toContain('--timeout');
  });

  it('in the examples are understood themselves', async () => {
    for (const name of commandNames().filter((one) => one !== 'completion')) {
      const { out } = await say(`${name} --help`);
      const examples = out.split('For example:\n')[1]?.matchAll(/^ {2}backstamp (.+)$/gm) ?? [];
      for (const [, example = ''] of examples) {
        const words = example.replace(/ > .*/, '').replace('<id>', id).replace('<client id>', id).split(' ');
        expect(() => understand(words), example).not.toThrow();
      }
    }
  });
});
