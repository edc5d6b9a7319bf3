import { setTimeout as delay } from 'node:timers/promises';
import type { InstalledService } from '../../service/installed.js';
import type { App } from '../app.js';
import type { GlobalArgs } from '../global-args.js';
import { overviewOf } from './glance.js';

const betweenDrawingsMs = 1000;
const clearScreen = '\u001b[H\u001b[2J';

/** Draws services on the whole screen. */
async function draw(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs & { refresh?: boolean },
): Promise<void> {
  const document = await overviewOf(app, services, args);
  app.print(clearScreen);
  await app.emit(document, args);
}

/** Draws services every second while something is done to them, and once more at its end. */
export async function watching<T>(
  app: App,
  services: readonly InstalledService[],
  args: GlobalArgs,
  work: () => Promise<T>,
): Promise<T> {
  let isOver = false;
  const action = work().finally(() => {
    isOver = true;
  });
  const end = action.catch(() => undefined);
  while (!isOver) {
    await draw(app, services, args);
    await Promise.race([end, delay(betweenDrawingsMs)]);
  }
  await draw(app, services, args);
  return action;
}

/** Draws services every second until a signal ends it. */
export async function watch(
  app: App,
  servicesNow: () => Promise<readonly InstalledService[]>,
  args: GlobalArgs & { refresh?: boolean },
): Promise<void> {
  const { signal, stop } = app.edge.interruption();
  try {
    while (!signal.aborted) {
      await draw(app, await servicesNow(), args);
      await delay(betweenDrawingsMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    stop();
  }
}
