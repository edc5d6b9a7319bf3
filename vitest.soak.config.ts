import { defineConfig } from 'vitest/config';

/** Campaigns that take too long for every change: `npm run soak`. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 3_600_000,
    env: { TZ: 'Europe/Paris', LC_ALL: 'C.UTF-8' },
  },
});
