import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBatch } from '../batch/parse-batch.ts';
import { parsePath } from '../path.ts';
import { parseApply } from '../query/aggregate.ts';
import { readDeltaToken, writeDeltaToken } from '../query/delta-token.ts';
import { parseFetchXml } from '../query/fetch-xml.ts';
import { compileFilter } from '../query/filter-compile.ts';
import { parseFilter } from '../query/filter-parser.ts';
import { parseValueList } from '../query/json-array.ts';
import { readSkipToken, writeSkipToken } from '../query/paging-cookie.ts';
import { parsePreferences, wantsAnnotation } from '../query/preferences.ts';
import { parseQueryOptions, queryWithout } from '../query/query-options.ts';
import { parseExpand, parseSelect } from '../query/select-expand.ts';
import { readToken, writeToken } from '../security/token.ts';
import { batchBody, guid } from './support.ts';

type Row = Record<string, string | number | boolean | null>;
const TYPES: Record<string, 'String' | 'Integer' | 'Boolean' | 'DateTime' | 'Uniqueidentifier'> = {
  name: 'String',
  age: 'Integer',
  active: 'Boolean',
  since: 'DateTime',
  id: 'Uniqueidentifier',
};
const test = (filter: string, row: Row, aliases: Record<string, string> = {}) =>
  compileFilter<Row>(parseFilter(filter, new Map(Object.entries(aliases))), (path) => ({
    type: TYPES[path] ?? 'String',
    get: (from) => from[path] ?? null,
  }))(row);

describe('$filter', () => {
  const row: Row = { name: "O'Hara", age: 7, active: true, since: Date.parse('2026-03-14T06:30:00Z'), id: guid(10) };

  it.each([
    ["name eq 'o''hara'", true],
    ["name ne 'o''hara'", false],
    ["'O''HARA' eq name", true],
    ['age gt 6 and age lt 8', true],
    ['age ge 8 or active eq true', true],
    ['not (age eq 7)', false],
    ['not age eq 7 or active eq true', true],
    ['6 lt age', true],
    ['nothing eq null', true],
    ['nothing ne null', false],
    ["nothing ne 'x'", true],
    ["nothing gt 'a'", false],
    ["contains(name,'HAR') and startswith(name,'o') and endswith(name,'RA')", true],
    ["contains(nothing,'x')", false],
    ['since ge 2026-03-14T06:30:00Z', true],
    ['since gt 2026-03-14T06:30:00Z', false],
    ['since lt 2026-03-15', true],
    [`id eq ${guid(10).toUpperCase()}`, true],
    [`id eq '${guid(10)}'`, true],
    [`id eq {${guid(10)}}`, true],
    ["Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['x','O\"Hara'])", false],
    ['Microsoft.Dynamics.CRM.In(PropertyName=\'name\',PropertyValues=["x","o\'hara"])', true],
    ["Microsoft.Dynamics.CRM.In(PropertyName='age',PropertyValues=['7'])", true],
    ["(name eq 'x' or age eq 7) and active eq true", true],
    ["name eq 'x' or age eq 7 and active eq false", false],
  ])('%s is %s', (filter, expected) => {
    expect(test(filter, row)).toBe(expected);
  });

  it('takes values from parameter aliases', () => {
    expect(test('name eq @p and age eq @n', row, { '@p': "'O''Hara'", '@n': '7' })).toBe(true);
    expect(() => test('name eq @missing', row)).toThrow("'@missing' has no value");
  });

  it.each([
    ["name eq 'x", 'unterminated literal at position 10'],
    ['name eq', 'Syntax error at position 7'],
    ['name equals 1', 'Syntax error at position 5'],
    ['(age eq 7', 'Syntax error'],
    ['age eq 7 age eq 8', 'Syntax error at position 9'],
    ['age eq %', "character '%' is not valid"],
    ["age eq 'seven'", 'incompatible types'],
    ['name eq 7', 'incompatible types'],
    ['name eq age', 'needs a column and a value'],
    ["Microsoft.Dynamics.CRM.In(PropertyName='name')", 'Syntax error'],
  ])('refuses %s', (filter, message) => {
    expect(() => test(filter, row)).toThrow(message);
  });

  it('finds back whatever text a client quotes', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(test(`name eq '${name.replaceAll("'", "''")}'`, { name })).toBe(true);
        expect(
          test(
            'Microsoft.Dynamics.CRM.In(PropertyName=@p,PropertyValues=@v)',
            { name },
            { '@p': "'name'", '@v': JSON.stringify([name]) },
          ),
        ).toBe(true);
      }),
    );
  });

  it('reads lists in single and double quotes', () => {
    expect(parseValueList('["a",1,true]')).toEqual(['a', 1, true]);
    expect(parseValueList(`['a', "b'c" ,'']`)).toEqual(['a', "b'c", '']);
    for (const bad of ['["a"', "['O'Hara']", '{}', '[null]', '"a"'])
      expect(() => parseValueList(bad)).toThrow('Invalid JSON');
  });
});

describe('tokens and links', () => {
  it('a skiptoken says again what went into it', () => {
    const text = fc.string({ unit: 'binary' });
    const column = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 9_999 }),
        fc.boolean(),
        fc.array(fc.tuple(column, text, text), { minLength: 1 }),
        (pageNumber, isTracking, marks) => {
          const cookie = {
            pageNumber,
            isTracking,
            last: marks.map(([name, last]) => [name, last] as const),
            first: marks.map(([, , first]) => first),
          };
          expect(readSkipToken(decodeURIComponent(writeSkipToken(cookie)))).toEqual(cookie);
        },
      ),
    );
  });

  it.each(['', 'x', '<cookie />', '<cookie pagenumber="2" pagingcookie="%3c" istracking="False" />'])(
    'refuses the skiptoken "%s"',
    (text) => {
      expect(() => readSkipToken(text)).toThrow('paging cookie');
    },
  );

  it('a delta token says again what went into it, and nothing else is one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 50 }),
        fc.integer({ min: 0, max: 4_000_000_000 }),
        (version, seconds) => {
          const token = { version, at: seconds * 1000 };
          expect(readDeltaToken(decodeURIComponent(writeDeltaToken(token)))).toEqual(token);
        },
      ),
    );
    for (const text of [
      '',
      '1',
      '1!2026-03-14',
      'x!03/14/2026 06:30:09',
      '1!99/99/2026 06:30:09',
      '1!03/14/2026 06:30:09 ',
    ]) {
      expect(readDeltaToken(text)).toBeUndefined();
    }
  });

  it('a bearer token names its application', () => {
    const now = Date.parse('2026-03-14T06:30:00Z');
    expect(
      readToken(`Bearer ${writeToken(guid(1).toUpperCase(), 'http://Org/', now + 1_000)}`, 'http://org', now),
    ).toBe(guid(1));
    for (const bad of [undefined, 'Basic x', 'Bearer x', 'Bearer a.b.c', 'Bearer a.e30.c.d']) {
      expect(() => readToken(bad, 'http://org', now)).toThrow();
    }
  });
});

describe('URLs and headers', () => {
  it('cuts a path into segments', () => {
    expect(parsePath(`contacts(${guid(1)})/parentcustomerid_account/$ref`)).toEqual([
      { name: 'contacts', key: guid(1) },
      { name: 'parentcustomerid_account', key: undefined },
      { name: '$ref', key: undefined },
    ]);
    expect(parsePath("accounts(name='a/b(c')")).toEqual([{ name: 'accounts', key: "name='a/b(c'" }]);
    expect(() => parsePath('contacts(abc')).toThrow('ODataUnrecognizedPathException');
  });

  it('keeps the rest of a query as it was written', () => {
    expect(queryWithout('$select=a%20b&%24skiptoken=x=y&$top=1', '$skiptoken')).toBe('$select=a%20b&$top=1');
    const options = parseQueryOptions("$filter=a+eq+'b%26c'&@p=1&tag=x=y");
    expect([...options.values]).toEqual([
      ['$filter', "a eq 'b&c'"],
      ['tag', 'x=y'],
    ]);
    expect(options.aliases.get('@p')).toBe('1');
    expect(() => parseQueryOptions('$filter=%zz')).toThrow('not well formed');
  });

  it('reads select, expand and apply', () => {
    expect(parseSelect('a, b')).toEqual(['a', 'b']);
    expect(parseSelect('*')).toBeUndefined();
    const [first, second] = parseExpand("x($select=a,b;$filter=n eq 'c;d)'),y");
    expect([first?.navigation, second?.navigation]).toEqual(['x', 'y']);
    expect([...(first?.options ?? [])]).toEqual([
      ['$select', 'a,b'],
      ['$filter', "n eq 'c;d)'"],
    ]);
    expect(parseApply('filter(a eq 1)/groupby((b,c),aggregate($count as n,d with sum as total))')).toEqual({
      filter: 'a eq 1',
      groupBy: ['b', 'c'],
      computed: [
        { method: 'count', path: '$count', alias: 'n' },
        { method: 'sum', path: 'd', alias: 'total' },
      ],
    });
    for (const bad of ['top(3)', 'groupby(a)', 'aggregate(a with median as m)'])
      expect(() => parseApply(bad)).toThrow();
  });

  it('reads preferences in any order', () => {
    const preferences = parsePreferences(
      'odata.include-annotations="A.B.*,C", odata.maxpagesize=7,odata.track-changes; return=representation, odata.continue-on-error',
    );
    expect(preferences).toEqual({
      maxPageSize: 7,
      trackChanges: true,
      continueOnError: true,
      returnRepresentation: true,
      annotations: ['A.B.*', 'C'],
    });
    expect(['A.B.c', 'C', 'D'].map((name) => wantsAnnotation(preferences, name))).toEqual([true, true, false]);
    expect(parsePreferences(undefined).annotations).toEqual([]);
  });
});

describe('bodies', () => {
  const type = 'multipart/mixed; boundary=batch_1';

  it('cuts a batch into requests and change sets', () => {
    const items = parseBatch(
      type,
      batchBody([
        'GET /a HTTP/1.1\r\nPrefer: x\r\n\r\n',
        ['POST /b HTTP/1.1\r\n\r\n{"a":1}', 'DELETE /c HTTP/1.1\r\n\r\n'],
      ]),
    );

    expect(items).toEqual([
      { method: 'GET', url: '/a', headers: { prefer: 'x' }, body: '', contentId: undefined },
      {
        changeSet: [
          { method: 'POST', url: '/b', headers: {}, body: '{"a":1}', contentId: '1' },
          { method: 'DELETE', url: '/c', headers: {}, body: '', contentId: '2' },
        ],
      },
    ]);
    expect(() => parseBatch(undefined, '')).toThrow('boundary');
    expect(() => parseBatch(type, '--batch_1\r\nnonsense\r\n--batch_1--\r\n')).toThrow('Stream was not readable');
    expect(() => parseBatch(type, batchBody(['GET /a HTTP/1.1\r\n\r\n']).replace('--batch_1--', ''))).toThrow(
      'Stream was not readable',
    );
  });

  it('parses FetchXML and says what is wrong with it', () => {
    const fetch = parseFetchXml(
      '<fetch top="5"><!-- x --><entity name=\'a\'><value>x &amp; y</value></entity></fetch>',
    );

    expect(fetch.attributes).toEqual({ top: '5' });
    expect(fetch.children[0]?.children[0]?.text).toBe('x & y');
    for (const bad of ['', '<a/>', '<fetch>', '<fetch></entity></fetch>', '<fetch/><fetch/>', 'x<fetch/>']) {
      expect(() => parseFetchXml(bad)).toThrow('Invalid FetchXML');
    }
  });
});
