/** Two nodes, n1 and n2, each in its own network namespace, with a real sshd on n2. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { waitFor } from '../support/program.js';
import { createNetwork, type Network } from './network.js';

export interface SshPeers {
  readonly network: Network;
  /** What `node.rsh` has to be for n1. */
  readonly rsh: string;
  /** n2 stops answering. */
  stop(): void;
}

/**
 * @param aliases names that reach n2 besides `n2`
 * @param environment what logins on n2 get
 */
export async function createSshPeers(
  aliases: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<SshPeers> {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-ssh-'));
  const network = createNetwork();
  const key = (name: string): string => {
    const file = join(place, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return file;
  };
  const [host, user] = [key('host'), key('user')];
  mkdirSync('/run/sshd', { recursive: true });
  const setEnv = Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const server = join(place, 'sshd_config');
  writeFileSync(
    server,
    `Port 22
ListenAddress 10.99.0.2
HostKey ${host}
AuthorizedKeysFile ${user}.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
${setEnv === '' ? '' : `SetEnv ${setEnv}\n`}`,
  );
  const client = join(place, 'ssh_config');
  writeFileSync(
    client,
    `Host ${['n2', ...aliases].join(' ')}
HostName 10.99.0.2
IdentityFile ${user}
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
BatchMode yes
ConnectTimeout 3
LogLevel ERROR
`,
  );
  const argv = ['netns', 'exec', network.neighbour, '/usr/sbin/sshd', '-D', '-e', '-f', server];
  const sshd: ChildProcess = spawn('ip', argv, { stdio: 'ignore' });
  const stop = (): void => void sshd.kill('SIGTERM');
  onTestFinished(() => {
    stop();
    rmSync(place, { recursive: true, force: true });
  });
  const rsh = `ip netns exec ${network.host} ssh -F ${client}`;
  await waitFor(() => {
    try {
      execFileSync('/bin/sh', ['-c', `${rsh} n2 true`], { stdio: 'ignore' });
      return true;
    } catch {
      return undefined;
    }
  }, 'sshd');
  return { network, rsh, stop };
}
