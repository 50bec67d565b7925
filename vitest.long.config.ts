import { defineConfig } from 'vitest/config';

/** Tests that take minutes: a million rows, twenty deaths of a process. Run by `npm run test:long`. */
export default defineConfig({
  test: { include: ['test/**/*.long.test.ts'], testTimeout: 1_800_000, hookTimeout: 120_000, fileParallelism: false },
});
