import { defineConfig } from 'vitest/config';

/** Three kinds of tests, told apart by their names; each can be run by itself with `--project <kind>`. */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['functions/**', 'shared/**', 'local/**'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      { test: { name: 'unit', include: ['test/**/*.unit.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The whole app runs in processes of its own: one after another, or they would measure each other.
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
