import { describe, expect, it } from 'vitest';
import { createRouteTable } from '../route-table.ts';

const find = (templates: readonly string[], path: string) => {
  const routes = templates.map((template) => ({ template, methods: ['GET'], value: template }));
  return createRouteTable(routes)('GET', path);
};

describe('a route table', () => {
  it.each([
    ['api/runs/{runId}', '/api/runs/r%201', { runId: 'r 1' }],
    ['api/runs/{runId}', '/API/Runs/X/', { runId: 'X' }],
    ['files/{*rest}', '/files/a/b', { rest: 'a/b' }],
    ['files/{**rest}', '/files', {}],
    ['runs/{id?}', '/runs', {}],
    ['runs/{id=first}', '/runs', { id: 'first' }],
    ['{name}.{extension}', '/report.csv', { name: 'report', extension: 'csv' }],
    ['{year:int:range(1990,2100)}', '/2026', { year: '2026' }],
    ['{id:guid}', '/6f1d2c3a-58b7-4e0f-9a41-2d7c8e5b9013', { id: '6f1d2c3a-58b7-4e0f-9a41-2d7c8e5b9013' }],
    ['{code:regex(^[a-z]{{2}}$)}', '/xx', { code: 'xx' }],
    ['{year:regex(^\\d+/\\d$)}', '/x', undefined],
    ['{code:regex(^[a-z]+$)}', '/ab', { code: 'ab' }],
    ['{word:alpha:length(2,3)}', '/abc', { word: 'abc' }],
    ['', '/', {}],
  ])('template %s takes %s', (template, path, params) => {
    expect(find([template], path)?.params).toEqual(params);
  });

  it.each([
    ['runs/{runId}', '/runs'],
    ['runs/{runId}', '/runs/a/b'],
    ['{id:int}', '/9999999999'],
    ['{id:int}', '/1.5'],
    ['{flag:bool}', '/yes'],
    ['{id:guid}', '/6f1d2c3a'],
    ['{word:alpha:length(2,3)}', '/abcd'],
    ['a.b', '/axb'],
    ['runs', '/%E0%A4%A'],
  ])('template %s does not take %s', (template, path) => {
    expect(find([template], path)).toBeUndefined();
  });

  it('prefers the more specific template, in whatever order they come', () => {
    const templates = ['{*rest}', 'runs/{id}', 'runs/{id:int}', 'runs/latest', '{a}/{b}'];

    for (const order of [templates, templates.toReversed()]) {
      expect(find(order, '/runs/latest')?.value).toBe('runs/latest');
      expect(find(order, '/runs/7')?.value).toBe('runs/{id:int}');
      expect(find(order, '/runs/x')?.value).toBe('runs/{id}');
      expect(find(order, '/other/x')?.value).toBe('{a}/{b}');
      expect(find(order, '/other/x/y')?.value).toBe('{*rest}');
    }
  });

  it('tells routes apart by method', () => {
    const match = createRouteTable([
      { template: 'runs', methods: ['GET'], value: 'list' },
      { template: 'runs', methods: ['POST'], value: 'start' },
    ]);

    expect([match('GET', '/runs')?.value, match('POST', '/runs')?.value, match('PUT', '/runs')]).toEqual([
      'list',
      'start',
      undefined,
    ]);
  });

  it.each([
    ['runs/{id', /route "runs\/{id" is malformed: its braces do not pair/],
    ['{id:odd}', /unknown route constraint "odd"/],
    ['{}', /"{}" is no parameter/],
  ])('refuses the template %s', (template, message) => {
    expect(() => find([template], '/')).toThrow(message);
  });
});
