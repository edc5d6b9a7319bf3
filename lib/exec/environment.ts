/**
 * The fixed search path of every program we start, whatever cron, ssh, sudo or a shell gave us.
 */
const fixedPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The locale of tools whose output is parsed: English messages, dots in numbers, UTF-8 names. */
const fixedLocale = 'C.UTF-8';

/** The only variables that a started program inherits; anything else must be given. */
const inheritedNames = [
  'HOME',
  'LOGNAME',
  'USER',
  'TZ',
  'XDG_RUNTIME_DIR',
  'NODEMGR_ROOT',
  'OSVC_SESSION_UUID',
  'TRACEPARENT',
] as const;

/** Every process of a run has this variable, so that it is found whatever it forks and renames. */
export const runMarkerName = 'NODEMGR_RUN';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment of one program: allow list, `PATH`, `LC_ALL`, then `additions`, of which an
 * undefined value removes a name.
 */
export function programEnvironment(
  inherited: Environment,
  additions: Environment,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of inheritedNames) {
    const value = inherited[name];
    if (value !== undefined) environment[name] = value;
  }
  environment['PATH'] = fixedPath;
  environment['LC_ALL'] = fixedLocale;
  for (const [name, value] of Object.entries(additions)) {
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
  return environment;
}
