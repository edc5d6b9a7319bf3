import { AgentError } from '../errors/agent-error.js';
import type { Level } from '../log/log.js';

/** A resource agent by the words of its standard (OCF Resource Agent API 1.1). */
export interface OcfAgent {
  readonly provider: string;
  readonly type: string;
  /** The program. */
  readonly path: string;
}

/**
 * Reads `heartbeat:Dummy` or `ocf:heartbeat:Dummy`.
 * @param root where agents are, `OCF_ROOT`
 * @throws AgentError `E_VALUE`
 */
export function parseOcfAgent(text: string, root: string): OcfAgent {
  const [, provider = '', type = ''] =
    /^(?:ocf:)?([A-Za-z0-9][\w.-]*):([A-Za-z0-9][\w.-]*)$/.exec(text) ?? [];
  if (type === '') {
    throw new AgentError('E_VALUE', `${JSON.stringify(text)} is no agent: <provider>:<type>`, {
      exit: 'config',
      remedy: 'write for example heartbeat:Dummy',
    });
  }
  return { provider, type, path: `${root}/resource.d/${provider}/${type}` };
}

export interface OcfSurroundings {
  readonly root: string;
  /** Unique on this host, and good for a file name. */
  readonly instance: string;
  /** Where agents keep what a reboot may forget. */
  readonly scratch: string;
  /** How long the action may take, ms; 0: no limit. */
  readonly timeoutMs: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The environment that an agent is called with. */
export function ocfEnvironment(
  { provider, type }: OcfAgent,
  { root, instance, scratch, timeoutMs, parameters }: OcfSurroundings,
): Record<string, string> {
  return {
    OCF_RA_VERSION_MAJOR: '1',
    OCF_RA_VERSION_MINOR: '1',
    OCF_ROOT: root,
    OCF_RESOURCE_INSTANCE: instance,
    OCF_RESOURCE_TYPE: type,
    OCF_RESOURCE_PROVIDER: provider,
    OCF_RESKEY_CRM_meta_interval: '0',
    ...(timeoutMs > 0 && { OCF_RESKEY_CRM_meta_timeout: String(timeoutMs) }),
    HA_RSCTMP: scratch,
    // Without it every line of an agent begins with the name of its file.
    HA_LOGTAG: type,
    ...Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [`OCF_RESKEY_${name}`, value]),
    ),
  };
}

/** What the exit codes mean. */
export const ocfCodes: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'error',
  2: 'wrong arguments',
  3: 'action not implemented',
  4: 'insufficient rights',
  5: 'not installed',
  6: 'not configured',
  7: 'not running',
  8: 'running, promoted',
  9: 'failed, promoted',
  190: 'running, degraded',
  191: 'running, promoted, degraded',
};

/** Why an agent ended as it did, in its own words: the last `ocf-exit-reason:` of its stderr. */
export function exitReason(stderr: string): string | undefined {
  return [...stderr.matchAll(/^ocf-exit-reason:\s*(.+)$/gm)].at(-1)?.[1]?.trim();
}

/** How grave a line of an agent is: all of them come on stderr, with their level in front. */
export function levelOfLine(line: string): Level {
  if (/^ocf-exit-reason:|\b(ERROR|CRIT|FATAL):/.test(line)) return 'error';
  if (/\b(WARNING|WARN):/.test(line)) return 'warn';
  return /\bDEBUG:/.test(line) ? 'debug' : 'info';
}
