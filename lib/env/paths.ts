import { isAbsolute, join } from 'node:path';

/**
 * Every place on the host that the suite reads or writes, built from one root (`design.md` 2).
 * Nothing else joins `/etc` or `/var` by hand.
 */
export interface Paths {
  /** Configuration: `node.conf`, `<service>.conf`, `namespaces/`. */
  readonly etc: string;
  /** What must last: the store, results of the node tasks. */
  readonly var: string;
  readonly log: string;
  /** What a reboot may forget: stamps of the guard, lock files. */
  readonly run: string;
  readonly nodeConf: string;
  readonly store: string;
  readonly locks: string;
}

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** Effective user id. */
  uid: number;
  home: string;
}

function fromDirectories(etc: string, varDir: string, log: string, run: string): Paths {
  return {
    etc,
    var: varDir,
    log,
    run,
    nodeConf: join(etc, 'node.conf'),
    store: join(varDir, 'nodemgr.db'),
    locks: join(run, 'lock'),
  };
}

/** Paths below one directory: `<root>/{etc,var,log,run}`. */
export function pathsBelow(root: string): Paths {
  return fromDirectories(
    join(root, 'etc'),
    join(root, 'var'),
    join(root, 'log'),
    join(root, 'run'),
  );
}

/**
 * The paths of this process: `NODEMGR_ROOT` when set, the system directories for root, the XDG
 * directories for anybody else (XDG base directory specification 0.8, which ignores relative ones).
 */
export function resolvePaths({ env, uid, home }: Surroundings): Paths {
  const root = env['NODEMGR_ROOT'];
  if (root) return pathsBelow(root);
  if (uid === 0) {
    return fromDirectories('/etc/nodemgr', '/var/lib/nodemgr', '/var/log/nodemgr', '/run/nodemgr');
  }
  const directory = (name: string, otherwise: string): string => {
    const value = env[name] ?? '';
    return isAbsolute(value) ? value : join(home, otherwise);
  };
  const state = directory('XDG_STATE_HOME', '.local/state');
  return fromDirectories(
    join(directory('XDG_CONFIG_HOME', '.config'), 'nodemgr'),
    join(state, 'nodemgr'),
    join(state, 'nodemgr', 'log'),
    // Not XDG_RUNTIME_DIR: cron has none, and its ticks have to meet the user's commands.
    join(state, 'nodemgr', 'run'),
  );
}
