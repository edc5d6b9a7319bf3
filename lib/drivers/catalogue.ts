import type { Driver } from '../driver/contract.js';

/** Every driver by id. Naming one loads nothing. */
export const drivers: Readonly<Record<string, () => Promise<{ default: Driver<never> }>>> = {
  'task.host': () => import('./task/host.js'),
};
