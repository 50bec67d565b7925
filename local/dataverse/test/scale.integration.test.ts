import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeToken } from '../security/token.ts';
import { bulk, CLIENT, linkTarget, TABLES } from './support.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** A table, and one ten times as large: what a piece of work costs must not grow with the table. */
const FEW = 30_000;
const MANY = 300_000;
/** How much dearer a piece of work may be in the larger table: caches hold less of it, and processors vary. */
const DEARER = 3;

/** GUIDs in no order, as real ones are. */
const id = (n: number) =>
  `${(Math.imul(n, 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

describe('a table of 300,000 rows', () => {
  let child: ChildProcess;
  let origin = '';
  let headers: Record<string, string> = {};
  /** Processor time of the stand-in, in milliseconds, of each kind of work in the smaller table. */
  let inFew: Awaited<ReturnType<typeof measure>>;
  let inMany: typeof inFew;
  let emptyMiB = 0;

  beforeAll(async () => {
    // A process of its own, so that memory and processor time are those of the stand-in alone.
    child = spawn(process.execPath, [MAIN, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout as Readable, 'data')) as [Buffer];
    origin = `http://127.0.0.1:${(JSON.parse(line.toString()) as { port: number }).port}`;
    headers = { authorization: `Bearer ${writeToken(CLIENT, origin, Date.now() + 600_000)}` };
    const put = (path: string, body: unknown, method = 'POST') =>
      fetch(`${origin}/__control/${path}`, { method, body: JSON.stringify(body) });
    await put('tables', TABLES);
    await put(`application-users/${CLIENT}`, { privileges: 'all' }, 'PUT');
    await put('limits', { enabled: false });
    emptyMiB = (await used()).peakRssMiB;
    await load(0, FEW);
    await measure(); // the first time, code is compiled
    inFew = await measure();
    await load(FEW, MANY);
    inMany = await measure();
  }, 120_000);
  afterAll(() => {
    child.kill('SIGTERM');
  });

  const used = async () =>
    ((await (await fetch(`${origin}/__control/stats`)).json()) as { process: { cpuMs: number; peakRssMiB: number } })
      .process;

  async function load(from: number, to: number): Promise<void> {
    function* lines() {
      for (let first = from; first < to; first += 1_000) {
        const rows = Array.from({ length: 1_000 }, (_, i) => {
          const n = first + i;
          return `{"contactid":"${id(n)}","fullname":"Name ${n}","lastname":"Last ${n % 9_999}","emailaddress1":"a${n}@example.org","msdynci_lookupfield_customerprofile":${n % 2 ? `"${id(n)}"` : null}}\n`;
        });
        yield Buffer.from(rows.join(''));
      }
    }
    const loaded = await fetch(`${origin}/__control/rows/contact`, {
      method: 'POST',
      body: Readable.toWeb(Readable.from(lines())) as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    expect(await loaded.json()).toEqual({ written: to - from, deleted: 0 });
  }

  async function costOf(work: () => Promise<void>): Promise<number> {
    const before = await used();
    await work();
    return (await used()).cpuMs - before.cpuMs;
  }

  /** Follows the pages of a query, five of them. */
  async function readPages(path: string, prefer: string): Promise<void> {
    let link: string | undefined = `${origin}/api/data/v9.2/${path}`;
    for (let page = 0; page < 5; page++) {
      const answer = (await (await fetch(link ?? '', { headers: { ...headers, prefer } })).json()) as {
        value: unknown[];
        '@odata.nextLink'?: string;
      };
      expect(answer.value).toHaveLength(2_000);
      link = answer['@odata.nextLink'];
    }
  }

  async function write(from: number): Promise<void> {
    const targets = Array.from({ length: 1_000 }, (_, i) => linkTarget(id(from + i), id(from + i)));
    const body = JSON.stringify({ Targets: targets });
    const url = `${origin}/api/data/v9.2/${bulk('UpdateMultiple')}`;
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(204);
  }

  async function find(column: string, values: readonly string[]): Promise<string[]> {
    const filter = `Microsoft.Dynamics.CRM.In(PropertyName=@p,PropertyValues=@v)&@p='${column}'&@v=${JSON.stringify(values)}`;
    const url = `${origin}/api/data/v9.2/contacts?$select=fullname&$filter=${encodeURI(filter)}`;
    const answer = (await (await fetch(url, { headers })).json()) as { value: { fullname: string }[] };
    return answer.value.map((row) => row.fullname).sort();
  }

  const wanted = Array.from({ length: 300 }, (_, i) => i * 99);
  const names = wanted.map((n) => `Name ${n}`).sort();

  async function measure() {
    return {
      read: await costOf(() => readPages('contacts?$select=fullname,emailaddress1', 'odata.maxpagesize=2000')),
      readLinked: await costOf(() =>
        readPages(
          'contacts?$select=_msdynci_lookupfield_customerprofile_value&$filter=_msdynci_lookupfield_customerprofile_value ne null',
          'odata.maxpagesize=2000',
        ),
      ),
      readTracked: await costOf(() =>
        readPages('contacts?$select=fullname', 'odata.track-changes, odata.maxpagesize=2000'),
      ),
      write: await costOf(async () => {
        for (let from = 0; from < 20_000; from += 1_000) await write(from);
      }),
      findById: await costOf(async () => {
        for (let i = 0; i < 10; i++) expect(await find('contactid', wanted.map(id))).toEqual(names);
      }),
      findByValue: await costOf(async () => {
        const values = wanted.map((n) => `A${n}@EXAMPLE.ORG`);
        for (let i = 0; i < 10; i++) expect(await find('emailaddress1', values)).toEqual(names);
      }),
    };
  }

  it.each(['read', 'readLinked', 'readTracked', 'write', 'findById', 'findByValue'] as const)(
    'costs about as much work as a tenth of it: %s',
    (work) => {
      // Below this a clock that counts milliseconds says nothing.
      const least = 20;
      expect(inMany[work]).toBeLessThan(DEARER * Math.max(inFew[work], least));
    },
  );

  it('takes less than 1.5 KiB a row', async () => {
    const { peakRssMiB } = await used();
    expect(((peakRssMiB - emptyMiB) * 1024) / MANY).toBeLessThan(1.5);
  });
});
