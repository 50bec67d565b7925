import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listPaths } from '../../shared/dataverse/read-lists.ts';
import { guid } from './fake-http.ts';

const request = (values: readonly string[]) => ({
  entitySetName: 'contacts',
  select: ['contactid'],
  column: 'contactid',
  values,
});
const valuesOf = (path: string): string[] => {
  const list = new URL(`https://org.example/${path}`).searchParams.get('@p2') ?? '';
  return JSON.parse(list) as string[];
};

describe('list paths', () => {
  it('asks for every value exactly once, in URLs no longer than allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 })), fc.integer({ min: 900, max: 4000 }), (values, longest) => {
        const paths = listPaths(request(values), longest);

        expect(paths.flatMap(valuesOf)).toEqual([...new Set(values)]);
        expect(paths.every((path) => path.length <= longest)).toBe(true);
      }),
    );
  });

  it('puts about fifteen hundred ids into one URL of a batch part', () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => guid(n));

    const paths = listPaths(request(ids), 65_000);

    expect(paths.length).toBe(4);
    expect(paths.slice(0, -1).every((path) => valuesOf(path).length > 1_450)).toBe(true);
  });

  it('joins a further condition with and', () => {
    const [path = ''] = listPaths({ ...request(['1']), filter: "a eq 'x' or b eq null" }, 4000);

    expect(new URL(`https://org.example/${path}`).searchParams.get('$filter')).toBe(
      "Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2) and (a eq 'x' or b eq null)",
    );
  });
});
