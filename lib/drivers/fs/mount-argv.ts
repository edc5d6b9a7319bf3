import { isBind, type MountKeywords, mountOptions } from './mount-keywords.js';
import type { Source } from './source.js';

/** `mount [-t <type>] [-o <options>] <device> <mount point>` (mount(8)). */
export function mountArgv(type: string | undefined, kw: MountKeywords, source: Source): string[] {
  const given = mountOptions(kw);
  const options =
    source.kind === 'directory' && !isBind(kw)
      ? ['bind', ...given]
      : // The device holds the file already: mount(8) would attach it a second time.
        source.kind === 'device' && source.argument !== kw.dev
        ? given.filter((option) => !/^loop(=|$)/.test(option))
        : given;
  return [
    'mount',
    ...(type === undefined ? [] : ['-t', type]),
    ...(options.length > 0 ? ['-o', options.join(',')] : []),
    source.argument,
    kw.mnt,
  ];
}
