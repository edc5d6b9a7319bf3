import { statSync } from 'node:fs';
import { convertKeyword } from '../config/convert.js';
import type { Keyword } from '../config/keyword.js';
import { AgentError } from '../errors/agent-error.js';
import { createSyslog, type SyslogFacility } from '../exec/syslog.js';
import type { Level } from '../log/log.js';
import type { Syslog } from '../log/syslog.js';
import { syslogKeywords } from './keywords.js';
import type { NodeSettings } from './settings.js';

const levels: Readonly<Record<string, Level>> = {
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
};

/**
 * The system log, when node.conf has a section `[syslog]`: the daemon of this host by its socket,
 * else by its UDP port; or another host. Nothing is opened before the first record.
 */
export function syslogOf({ file }: Pick<NodeSettings, 'file'>): Syslog | undefined {
  const section = file?.ini.byName.get('syslog');
  if (!section || section.broken) return undefined;
  const { facility, level, host, port, socket } = syslogKeywords;
  /** A value that cannot be used counts as not set: `validate config` reports it. */
  const value = (name: keyof typeof syslogKeywords, keyword: Keyword): unknown => {
    for (const text of [section.byKey.get(name)?.value, keyword.default]) {
      if (text === undefined || text === '') continue;
      try {
        return convertKeyword(keyword, text);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
      }
    }
    return undefined;
  };
  const local = String(value('socket', socket));
  const named = value('host', host) as string | undefined;
  const isLocal = named === undefined && statSync(local, { throwIfNoEntry: false })?.isSocket();
  return createSyslog({
    facility: String(value('facility', facility)) as SyslogFacility,
    level: levels[String(value('level', level))] ?? 'info',
    to: isLocal
      ? { socket: local }
      : { host: named ?? 'localhost', port: Number(value('port', port)) },
  });
}
