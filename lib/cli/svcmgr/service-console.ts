/** How actions talk to the operator: lines of services on stdout and stderr. */
import type { Level } from '../../log/log.js';
import { readNodeSettings } from '../../node/settings.js';
import { syslogOf } from '../../node/syslog.js';
import { loadStyle } from '../../render/colour.js';
import { paint, type Role } from '../../render/style.js';
import type { Surroundings } from '../../service/context.js';
import { createSurroundings } from '../../service/surroundings.js';
import { lastRunIn } from '../../service/task-status.js';
import type { App } from '../app.js';
import type { GlobalArgs } from '../global-args.js';

const roles: Readonly<Record<Level, Role | undefined>> = {
  debug: 'dim',
  info: undefined,
  warn: 'warn',
  error: 'bad',
};

/** The logs of services, for what no console shows. */
export function journals(app: App): Surroundings['journalOf'] {
  const { paths, nodename, clock } = app;
  const syslog = syslogOf(readNodeSettings(paths));
  const none = { rsh: undefined, nodeEnv: undefined };
  return createSurroundings({ paths, nodename, clock, env: app.edge.env, syslog, ...none })
    .journalOf;
}

/**
 * The surroundings of services in this process. Lines of info go to stdout, warnings and errors to
 * stderr; all of them to stderr where stdout has data.
 */
export async function surroundingsOf(
  app: App,
  args: GlobalArgs & { 'dry-run'?: boolean },
  { dataOnStdout = false, quiet = false }: { dataOnStdout?: boolean; quiet?: boolean } = {},
): Promise<Surroundings> {
  const { stdout, stderr, env } = app.edge;
  const settings = readNodeSettings(app.paths);
  const style = await loadStyle(args.color, { isTty: stderr.isTty, env });
  const show = (level: Level, line: string): void => {
    const output = dataOnStdout || level === 'warn' || level === 'error' ? stderr : stdout;
    const blank = line.indexOf(' ');
    const head = blank === -1 ? line : line.slice(0, blank);
    const rest = blank === -1 ? '' : line.slice(blank);
    output.write(`${paint(style, 'bold', head)}${paint(style, roles[level], rest)}\n`);
  };
  const surroundings = createSurroundings({
    paths: app.paths,
    nodename: app.nodename,
    clock: app.clock,
    env,
    rsh: settings.get('node', 'rsh'),
    nodeEnv: settings.get('node', 'env'),
    syslog: syslogOf(settings),
    dryRun: args['dry-run'] ?? false,
    ...(args.debug && { level: 'debug' as const }),
    ...(!quiet && { console: show }),
  });
  return { ...surroundings, lastRun: lastRunIn(() => app.store()) };
}
