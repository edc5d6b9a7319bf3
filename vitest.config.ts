import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**'],
    globalSetup: ['test/support/build-once.ts'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make the tests with real processes wait for each other.
    maxWorkers: 2,
    env: { TZ: 'Europe/Paris', LC_ALL: 'C.UTF-8' },
  },
});
