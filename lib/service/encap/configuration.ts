/** The configuration of a service here and inside a container: the newer file wins. */
import { statSync, utimesSync } from 'node:fs';
import { readConfigFile, writeConfigFile } from '../../config/file.js';
import { maxIniBytes, parseIni } from '../../config/ini.js';
import { AgentError } from '../../errors/agent-error.js';
import type { RunResult } from '../../exec/run.js';
import { whileEditing } from '../../lock/edit-lock.js';
import type { Surroundings } from '../context.js';
import type { Service } from '../service.js';
import type { InnerAgent } from './agents.js';
import { lacksProgram, lastLine, runInside, UnreachableError } from './reach.js';

const copyTimeoutMs = 60_000;

/**
 * Brings the newer file to the other side. Times are compared in whole seconds, and the copy keeps
 * that of its original. A container without the service gets it.
 *
 * @throws UnreachableError when there is no agent; AgentError `E_CONFIG` for a copy that is refused
 */
export async function shareConfiguration(
  service: Service,
  agent: InnerAgent,
  around: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  const inside = (words: readonly string[], input?: Uint8Array): Promise<RunResult> =>
    runInside(agent.svcmgr(words), around, {
      ...{ signal, timeoutMs: copyTimeoutMs, maxOutputBytes: 2 * maxIniBytes },
      ...(input && { input }),
    });
  const log = around.logOf(service, agent.resource.rid);
  const answer = await inside(['print', 'config', 'mtime']);
  if (lacksProgram(answer)) {
    throw new UnreachableError(agent, `has no svcmgr: ${lastLine(answer)}`);
  }
  const here = Math.floor(statSync(service.file).mtimeMs / 1000);
  const there = answer.exitCode === 0 ? Math.floor(Number(answer.stdout)) : 0;
  if (there === here) return;
  if (there > here) {
    const copy = await inside(['print', 'config', '--force']);
    const { exitCode, stdout, droppedBytes } = copy;
    if (exitCode !== 0) throw refused(service, agent, lastLine(copy));
    if (droppedBytes > 0) throw refused(service, agent, 'it is too large');
    requireSame(service, agent, stdout);
    log.info(`take the newer configuration of ${agent.hostname}`);
    await whileEditing(around.paths, 'a newer configuration', () => {
      writeConfigFile(service.file, stdout);
      utimesSync(service.file, there, there);
    });
    return;
  }
  const bytes = readConfigFile(service.file)?.bytes;
  log.info(`send the configuration to ${agent.hostname}`);
  const sent = await inside(['create', '--config', '-', '--mtime', String(here), '--force'], bytes);
  if (sent.exitCode !== 0) throw refused(service, agent, lastLine(sent));
}

/** What a container may put in the place of our file: a file of the same service, and a whole one. */
function requireSame(service: Service, agent: InnerAgent, text: string): void {
  const { byName, problems } = parseIni(text);
  const [problem] = problems;
  if (problem) throw refused(service, agent, `line ${problem.line}: ${problem.message}`);
  const id = byName.get('DEFAULT')?.byKey.get('id')?.value;
  if (service.id !== undefined && id !== undefined && id !== service.id) {
    throw refused(service, agent, 'it has another id');
  }
}

function refused({ scope }: Service, { hostname }: InnerAgent, why: string): AgentError {
  return new AgentError('E_CONFIG', `${scope}: its configuration and that of ${hostname}: ${why}`, {
    exit: 'config',
    remedy: `compare both: svcmgr -s ${scope} print config, here and there`,
  });
}
