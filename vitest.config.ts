import { defineConfig } from 'vitest/config';

/** A landing machine may be busy with other things: what waits for processes and timers gets a second chance there. */
const retry = process.env.CI === undefined ? 0 : 1;

/** Most of these wait for processes, locks and timers; more of them than cores, after all others, keep two cores busy. */
const waiting = { maxWorkers: 4, sequence: { groupOrder: 1 } };

/** Three kinds of tests, told apart by their names; each can be run by itself with `--project <kind>`. */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['functions/**', 'shared/**', 'local/**', 'cli/**', 'page/**'],
      exclude: ['local/*/test/**'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.unit.test.ts', 'local/*/test/**/*.unit.test.ts'],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts', 'local/*/test/**/*.integration.test.ts'],
          testTimeout: 120_000,
          retry,
          hookTimeout: 120_000,
          ...waiting,
        },
      },
      {
        // Each starts the whole app in processes of its own, on free ports.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 120_000,
          retry,
          hookTimeout: 120_000,
          ...waiting,
        },
      },
    ],
  },
});
