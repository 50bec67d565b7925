import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, isSameThing, type Place, placeAbove, placeOf, sortKeys, statusPlace } from '../../page/place.ts';
import { apiFilterOf, everyRun, modes, runFilterOf } from '../../page/run-filter.ts';
import { outcomes, statuses } from '../../page/words.ts';
import { rowId, runIdFor } from '../api/records.ts';

const runId = fc.nat(1000).map(runIdFor);
const id = fc.nat(1000).map(rowId);
const table = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
const list = fc.record({
  status: fc.option(fc.constantFrom(...statuses), { nil: undefined }),
  search: fc.string(),
  sort: fc.constantFrom(...sortKeys),
  isReversed: fc.boolean(),
  isUnfolded: fc.boolean(),
});
const places: fc.Arbitrary<Place> = fc.oneof(
  fc.record({ view: fc.constant('status' as const), list }),
  fc.record({
    view: fc.constant('runs' as const),
    filter: fc.record({
      status: fc.option(fc.constantFrom(...statuses), { nil: undefined }),
      mode: fc.option(fc.constantFrom(...modes), { nil: undefined }),
      table: fc.oneof(fc.constant(''), table),
      since: fc.constantFrom('', '2026-03-01', '2024-02-29'),
    }),
  }),
  fc.record({ view: fc.constantFrom('doctor' as const, 'discover', 'segments', 'audit') }),
  fc.record({ view: fc.constant('run' as const), runId, tab: fc.constantFrom('tables' as const, 'about'), list }),
  fc.record({
    view: fc.constant('table' as const),
    runId,
    table,
    tab: fc.constantFrom('progress' as const, 'rows'),
    outcome: fc.option(fc.constantFrom(...outcomes), { nil: undefined }),
    search: fc.string(),
  }),
  fc.record({
    view: fc.constant('row' as const),
    table: fc.option(table, { nil: undefined }),
    id: fc.option(id, { nil: undefined }),
  }),
);

describe('what the page shows', () => {
  it('stands in the address, every filter and search with it, and comes back from there', () => {
    fc.assert(
      fc.property(places, (place) => {
        expect(placeOf(hashOf(place))).toEqual(place);
      }),
    );
  });

  it('comes back from the address as the browser gives it', () => {
    fc.assert(
      fc.property(places, (place) => {
        const { hash } = new URL(hashOf(place), 'https://app.example/api/status-page');
        expect(placeOf(hash)).toEqual(place);
      }),
    );
  });

  it('is a place that there is, however odd the address', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(placeOf(`#${text}`)).toHaveProperty('view');
      }),
    );
    for (const odd of ['', '#', '#/nothing', '#/runs/short', '#/runs/x/y/z', '#/%', '#/set-up/more'])
      expect(placeOf(odd)).toEqual(statusPlace);
  });

  it('is left upwards, and in a few steps is the status', () => {
    fc.assert(
      fc.property(places, (place) => {
        let here = place;
        for (let step = 0; step < 3; step++) here = placeAbove(here);
        expect(here).toEqual(statusPlace);
      }),
    );
  });

  it('is the same thing however it is filtered', () => {
    const rows = {
      view: 'table',
      runId: runIdFor(1),
      table: 'contact',
      tab: 'rows',
      outcome: undefined,
      search: '',
    } as const;
    expect(isSameThing(rows, { ...rows, outcome: 'failed', search: 'x' })).toBe(true);
    expect(isSameThing(rows, { ...rows, tab: 'progress' })).toBe(false);
    expect(isSameThing(rows, { ...rows, table: 'lead' })).toBe(false);
  });
});

describe('the filter of runs', () => {
  it('leaves out what is none, however odd the address', () => {
    const odd = { status: 'Sad', mode: 'quick', table: 'no such table', since: '2026-13-45' };
    expect(runFilterOf((name) => odd[name])).toEqual(everyRun);
  });

  it('asks for runs since the beginning of the day where the browser is', () => {
    const asked = apiFilterOf({ ...everyRun, since: '2026-03-01' });
    expect(asked.since).toBe(new Date(2026, 2, 1).toISOString());
    expect(apiFilterOf(everyRun)).toEqual({ status: undefined, mode: undefined, table: '', since: undefined });
  });
});
