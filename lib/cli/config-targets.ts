/** What `validate config` and `edit config` check a file with. */

import { readNodeSettings } from '../node/settings.js';
import { validateNodeConfig } from '../node/validate.js';
import type { InstalledService } from '../service/installed.js';
import { validateService } from '../service/validate.js';
import type { App } from './app.js';
import type { ValidationTarget } from './validate-config.js';

export function nodeTarget(app: App): ValidationTarget {
  return { path: app.paths.nodeConf, validate: (bytes) => validateNodeConfig(bytes, app) };
}

export function serviceTarget(
  app: App,
  { file }: Pick<InstalledService, 'file'>,
): ValidationTarget {
  const { paths, nodename, edge } = app;
  return {
    path: file,
    validate: (bytes) =>
      validateService(bytes, file, {
        paths,
        nodename,
        env: edge.env,
        nodeConf: (section, key) => readNodeSettings(paths).get(section, key),
      }),
  };
}
