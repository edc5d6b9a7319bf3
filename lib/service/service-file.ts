import { join } from 'node:path';
import { distrust, readConfigFile } from '../config/file.js';
import type { IniFile } from '../config/ini.js';
import type { KeywordTable } from '../config/keyword.js';
import { type ObjectPath, objectOfConfigFile } from '../config/object-path.js';
import { createEvaluator, type Evaluator } from '../config/values.js';
import { effectiveUid } from '../env/host.js';
import { packageRoot } from '../env/package-root.js';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';

export interface ServiceFile {
  path: ObjectPath;
  ini: IniFile;
  evaluator: Evaluator;
}

export interface ServiceFileContext {
  paths: Paths;
  nodename: string;
  env?: Readonly<Record<string, string | undefined>>;
  nodeConf?: (section: string, key: string) => string | undefined;
  tableOf?: (section: string) => KeywordTable | undefined;
}

/** Full paths of the programs that belong to this package. */
export const programs = {
  svcmgr: join(packageRoot, 'dist', 'svcmgr.js'),
  nodemgr: join(packageRoot, 'dist', 'nodemgr.js'),
};

/**
 * Reads a service file and prepares it for evaluation on this node.
 * @throws AgentError when the file is missing, is no service file or cannot be read
 */
export function readServiceFile(file: string, context: ServiceFileContext): ServiceFile {
  const path = objectOfConfigFile(context.paths, file);
  const config = readConfigFile(file);
  if (!path || !config) {
    throw new AgentError('E_NO_SERVICE', `${file}: service does not exist`, {
      remedy: 'see `svcmgr ls`',
    });
  }
  const unsafe = distrust(file, config.facts, effectiveUid());
  if (unsafe) throw unsafe;
  return openServiceFile(path, config.ini, context);
}

/** The same for text that is already read. */
export function openServiceFile(
  path: ObjectPath,
  ini: IniFile,
  context: ServiceFileContext,
): ServiceFile {
  return { path, ini, evaluator: createEvaluator(ini, { ...context, object: path, programs }) };
}
