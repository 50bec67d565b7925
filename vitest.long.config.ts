import { defineConfig } from 'vitest/config';

/** Tests that take minutes: a million rows, twenty deaths of a process. Run by `npm run test:long`. */
export default defineConfig({
  test: {
    include: [
      'test/**/*.long.test.ts',
      'local/*/test/**/*.long.test.ts',
      // These try a sample of a story's steps, and every one here.
      'test/insight/{across-units-crashes,leave-unlinked}.unit.test.ts',
    ],
    env: { EVERY_STEP: 'true' },
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // Some measure time; a busy moment of a machine that others use too is no fault of the product.
    retry: process.env.CI ? 1 : 0,
  },
});
