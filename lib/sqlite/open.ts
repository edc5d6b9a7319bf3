import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { packageRoot } from '../env/package-root.js';
import { AgentError } from '../errors/agent-error.js';

export type Connection = Database.Database;

/**
 * The addon file for this Node.js: the copy that the build keeps per ABI, else what npm compiled.
 * Loading it by path skips the package's own search, which costs more than opening a database.
 */
export function addonPath(): string | undefined {
  const abi = process.versions.modules;
  return [
    join(packageRoot, 'dist', `better_sqlite3.abi${abi}.node`),
    join(packageRoot, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'),
  ].find((path) => existsSync(path));
}

let addon: object | undefined;

function loadAddon(): object {
  if (addon) return addon;
  const path = addonPath();
  const remedy = `run \`npm rebuild better-sqlite3 && npm run build\` in ${packageRoot} with this Node.js`;
  if (!path) {
    throw new AgentError('E_ADDON', 'the SQLite addon is not built', { exit: 'config', remedy });
  }
  try {
    const module: { exports: object } = { exports: {} };
    process.dlopen(module, path);
    addon = module.exports;
  } catch (cause) {
    throw new AgentError(
      'E_ADDON',
      `${path} was not built for Node.js ${process.versions.node} (ABI ${process.versions.modules})`,
      { exit: 'config', remedy, cause },
    );
  }
  return addon;
}

export interface OpenOptions {
  readonly?: boolean;
  /** Fail instead of creating the file. */
  mustExist?: boolean;
  /** How long a statement waits for another process, ms; default 15000. */
  busyTimeoutMs?: number;
}

/** Opens one SQLite file. The addon is loaded on the first call. */
export function openSqlite(path: string, options: OpenOptions = {}): Connection {
  return new Database(path, {
    nativeBinding: loadAddon() as unknown as string,
    readonly: options.readonly ?? false,
    fileMustExist: options.mustExist ?? options.readonly ?? false,
    timeout: options.busyTimeoutMs ?? 15_000,
  });
}
