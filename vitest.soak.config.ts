import { defineConfig, mergeConfig } from 'vitest/config';
import normal from './vitest.config.js';

/** `npm run soak`: the same laws over longer times and larger numbers. */
const { exclude: _, include: __, ...test } = normal.test ?? {};

export default mergeConfig(
  { test },
  defineConfig({ test: { include: ['test/soak/**/*.test.ts'], testTimeout: 3_600_000 } }),
);
