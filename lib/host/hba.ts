import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../exec/run.js';
import { type HostRoot, listHostDirectory, readHostFile, readHostValue } from './host-file.js';
import { readTool } from './tool.js';

export interface Hba {
  /** World wide port name without `0x`, or the iSCSI initiator name. */
  readonly id: string;
  readonly type: 'fc' | 'fcoe' | 'iscsi';
  /** Number of the SCSI host, for fibre channel. */
  readonly host?: string;
}

export interface HbaTarget {
  readonly hbaId: string;
  readonly targetId: string;
}

/** The ports that this host reaches storage through. */
export function readHbas(root: HostRoot = '/'): Hba[] {
  const hbas: Hba[] = [];
  const add = (hba: Hba) => {
    if (!hbas.some(({ id }) => id === hba.id)) hbas.push(hba);
  };
  for (const name of listHostDirectory(root, 'sys/class/fc_host')) {
    const id = wwn(readHostValue(root, `sys/class/fc_host/${name}/port_name`));
    if (id === undefined) continue;
    const path = realPathOf(root, `sys/class/fc_host/${name}`);
    add({ id, type: path.includes('/net/') ? 'fcoe' : 'fc', host: name.replace(/^host/, '') });
  }
  for (const host of listHostDirectory(root, 'proc/scsi/qla2xxx')) {
    const text = readHostFile(root, `proc/scsi/qla2xxx/${host}`) ?? '';
    for (const [, id] of text.matchAll(/adapter-port\s*=\s*(?:0x)?([0-9a-f]{16})/gi)) {
      if (id !== undefined) add({ id: id.toLowerCase(), type: 'fc', host });
    }
  }
  const initiator = /^\s*InitiatorName\s*=\s*(\S+)/m.exec(
    readHostFile(root, 'etc/iscsi/initiatorname.iscsi') ?? '',
  )?.[1];
  if (initiator !== undefined) add({ id: initiator, type: 'iscsi' });
  return hbas;
}

/** The storage ports that are seen through each of them. */
export async function readHbaTargets(run: Run, root: HostRoot = '/'): Promise<HbaTarget[]> {
  const hbas = readHbas(root);
  const targets = new Map<string, HbaTarget>();
  const add = (hbaId: string, targetId: string | undefined) => {
    if (targetId !== undefined) targets.set(`${hbaId} ${targetId}`, { hbaId, targetId });
  };
  const remotePorts = listHostDirectory(root, 'sys/class/fc_remote_ports');
  const transports = listHostDirectory(root, 'sys/class/fc_transport');
  for (const { id, host } of hbas) {
    if (host === undefined) continue;
    for (const name of transports.filter((name) => name.startsWith(`target${host}:`))) {
      add(id, wwn(readHostValue(root, `sys/class/fc_transport/${name}/port_name`)));
    }
    for (const name of remotePorts.filter((name) => name.startsWith(`rport-${host}:`))) {
      const port = `sys/class/fc_remote_ports/${name}`;
      if (readHostValue(root, `${port}/port_state`) === 'Not Present') continue;
      add(id, wwn(readHostValue(root, `${port}/port_name`)));
    }
  }
  const initiator = hbas.find(({ type }) => type === 'iscsi');
  if (initiator) {
    const sessions = await readTool(run, ['iscsiadm', '-m', 'session'], { timeoutMs: 30_000 });
    for (const target of parseIscsiSessions(sessions ?? '')) add(initiator.id, target);
  }
  return [...targets.values()];
}

/** Newer versions put a remark such as `(non-flash)` behind the target name. */
export function parseIscsiSessions(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const name = words.find((word) => /^(iqn|eui|naa)\./.test(word)) ?? words.at(-1);
    return line.includes('[') && name ? [name] : [];
  });
}

/** Only the prefix goes: ids that begin or end with zeros keep them. */
function wwn(text: string | undefined): string | undefined {
  return text?.replace(/^0x/, '');
}

function realPathOf(root: HostRoot, path: string): string {
  try {
    return realpathSync(join(root, path));
  } catch {
    return '';
  }
}
