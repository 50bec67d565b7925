import { defineConfig } from 'vitest/config';

/** A landing machine may be busy with other things: what waits for processes and timers gets a second chance there. */
const retry = process.env.CI === undefined ? 0 : 1;

/** Three kinds of tests, told apart by their names; each can be run by itself with `--project <kind>`. */
export default defineConfig({
  test: {
    // Most integration and end-to-end tests wait for processes, locks and timers; two at a time keep two cores busy.
    maxWorkers: 2,
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
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts', 'local/*/test/**/*.integration.test.ts'],
          testTimeout: 120_000,
          retry,
          hookTimeout: 120_000,
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
        },
      },
    ],
  },
});
