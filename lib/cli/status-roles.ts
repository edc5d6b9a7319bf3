import type { Role } from '../render/style.js';

/** How statuses are coloured (spec service 5). */
export const statusRoles: Readonly<Record<string, Role>> = {
  up: 'ok',
  'stdby up': 'ok',
  down: 'bad',
  'stdby down': 'bad',
  warn: 'warn',
  'n/a': 'info',
};
