import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Figures } from '../bench/figures.ts';

const root = resolve(import.meta.dirname, '../..');

describe('benchmark', () => {
  // How fast the pass is by itself, a busy machine decides; what it is faster than, and what it asks for, it does not.
  it('finds the first pass ahead of the row loop, and later ones whose cost grows with changes alone', {
    timeout: 900_000,
  }, () => {
    const began = performance.now();
    const json = execFileSync(process.execPath, ['test/bench/main.ts', '--quick', '--json'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
    const { contenders, growth, identities } = JSON.parse(json.toString()) as Figures;
    const [backstamp, ...others] = contenders;
    const rowByRow = others.find(({ name }) => name.startsWith('one request per row'));
    const later = growth.filter(({ changes }) => changes !== null);
    console.log(
      `Quick benchmark in ${((performance.now() - began) / 1000).toFixed(0)} s: ` +
        contenders.map(({ name, rowsPerSecond }) => `${name} ${rowsPerSecond.toFixed(1)}`).join(', '),
    );

    expect(others.map(({ name }) => name)).toHaveLength(5);
    expect(backstamp?.rowsPerSecond).toBeGreaterThan(6 * (rowByRow?.rowsPerSecond ?? Number.POSITIVE_INFINITY));
    // One meeting with the limit is one flight of ten to fifteen requests, and a tenth of the rows needs few hundred.
    expect(Math.max(...identities.map(({ throttledShare }) => throttledShare))).toBeLessThan(0.1);
    // Whatever the table's size: a pass without changes asks what the tables are, whether the app still has its
    // privileges, what changed on either side, and how many rows there are. The walk would take a request for each thousand.
    const most = { moved: { 0: 6, 100: 14, 1000: 40 }, left: { 100: 20 } };
    expect(Object.keys(most).map((pass) => later.filter((one) => one.pass === pass).length)).toEqual([3, 1]);
    for (const { pass, changes, requests } of later) {
      const limit = (most as Record<string, Record<number, number>>)[pass]?.[changes ?? -1] ?? 0;
      expect(requests, `${changes} rows ${pass}`).toBeLessThanOrEqual(limit);
    }
    expect(Math.max(...growth.map(({ peakMiB }) => peakMiB))).toBeLessThan(200);
  });
});
