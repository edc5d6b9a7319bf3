/** What `validate config` and `edit config` check a file with. */

import { validateNodeConfig } from '../node/validate.js';
import type { InstalledService } from '../service/installed.js';
import { validateService } from '../service/validate.js';
import type { App } from './app.js';
import { serviceContext } from './service-context.js';
import type { ValidationTarget } from './validate-config.js';

export function nodeTarget(app: App): ValidationTarget {
  return { path: app.paths.nodeConf, validate: (bytes) => validateNodeConfig(bytes, app) };
}

export function serviceTarget(
  app: App,
  { file }: Pick<InstalledService, 'file'>,
): ValidationTarget {
  const context = serviceContext(app);
  return { path: file, validate: (bytes) => validateService(bytes, file, context) };
}
