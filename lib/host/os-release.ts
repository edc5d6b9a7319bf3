import { type HostRoot, readHostFile } from './host-file.js';

export interface OsRelease {
  /** As the collector knows it: `Debian`, `Red Hat`, `SuSE`… */
  readonly vendor: string | undefined;
  /** Version in words, without the vendor. */
  readonly release: string | undefined;
}

/** os-release(5) `ID` to the vendor names that the collector matches. */
const vendors: Readonly<Record<string, string>> = {
  alpine: 'Alpine',
  arch: 'Arch',
  centos: 'CentOS',
  debian: 'Debian',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  ol: 'Oracle',
  oracle: 'Oracle',
  rhel: 'Red Hat',
  sles: 'SuSE',
  ubuntu: 'Ubuntu',
};

/** Release files from before os-release, and whose they are. The first that exists decides. */
const oldFiles = [
  ['etc/debian_version', 'Debian'],
  ['etc/SuSE-release', 'SuSE'],
  ['etc/oracle-release', 'Oracle'],
  ['etc/redhat-release', undefined],
] as const;

export function readOsRelease(root: HostRoot = '/'): OsRelease {
  const os = parseAssignments(
    readHostFile(root, 'etc/os-release') ?? readHostFile(root, 'usr/lib/os-release') ?? '',
  );
  const lsb = parseAssignments(readHostFile(root, 'etc/lsb-release') ?? '');
  const old = oldFiles
    .map(([path, vendor]) => ({ vendor, text: readHostFile(root, path)?.trim() }))
    .find(({ text }) => text);
  const vendor =
    vendorOfId(os['ID']) ??
    lsb['DISTRIB_ID'] ??
    (old && (old.vendor ?? vendorOfRedhat(old.text ?? ''))) ??
    os['NAME'];

  if (vendor === 'SuSE') return { vendor, release: suseRelease(os, old?.text ?? '') };
  const text = os['PRETTY_NAME'] ?? lsb['DISTRIB_RELEASE'] ?? old?.text?.split('\n')[0];
  return { vendor, release: text === undefined ? undefined : withoutVendor(text, vendor) };
}

/** Shell-like `NAME="value"` lines. */
export function parseAssignments(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(
    /^[ \t]*([A-Z][A-Z0-9_]*)[ \t]*=[ \t]*(.*?)[ \t]*$/gm,
  )) {
    if (name === undefined || value === undefined) continue;
    const quoted = /^(["'])(.*)\1$/.exec(value);
    const plain = (quoted?.[2] ?? value).replace(/\\(["'$`\\])/g, '$1');
    if (plain) values[name] = plain;
  }
  return values;
}

function vendorOfId(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  return id.startsWith('opensuse') ? 'SuSE' : vendors[id.toLowerCase()];
}

function vendorOfRedhat(text: string): string {
  return text.startsWith('CentOS') ? 'CentOS' : text.startsWith('Fedora') ? 'Fedora' : 'Red Hat';
}

function suseRelease(os: Record<string, string>, file: string): string | undefined {
  const old = parseAssignments(file);
  if (old['VERSION']) {
    return old['PATCHLEVEL'] ? `${old['VERSION']}.${old['PATCHLEVEL']}` : old['VERSION'];
  }
  return os['VERSION_ID'];
}

function withoutVendor(text: string, vendor: string | undefined): string {
  return (vendor ? text.replace(vendor, '') : text).replace(/\s+/g, ' ').trim();
}
