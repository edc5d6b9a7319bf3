import { readNodeSettings } from '../node/settings.js';
import type { ServiceFileContext } from '../service/service-file.js';
import type { App } from './app.js';

/** What a service file is evaluated with; the node configuration is read when it is asked for. */
export function serviceContext({ paths, nodename, edge }: App): ServiceFileContext {
  let settings: ReturnType<typeof readNodeSettings> | undefined;
  return {
    paths,
    nodename,
    env: edge.env,
    nodeConf(section, key) {
      settings ??= readNodeSettings(paths);
      return settings.get(section, key);
    },
  };
}
