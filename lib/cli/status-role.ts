import type { Role } from '../render/style.js';

/** How statuses are coloured; what is not here is plain. */
export const statusRoles: Readonly<Record<string, Role>> = {
  up: 'ok',
  'stdby up': 'ok',
  down: 'bad',
  'stdby down': 'bad',
  warn: 'warn',
  'n/a': 'info',
};
