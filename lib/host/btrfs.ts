/** Every subvolume of a file system by one of its mount points (btrfs-subvolume(8)). */
export function listSubvolumesArgv(mountPoint: string): string[] {
  return ['btrfs', 'subvolume', 'list', '-a', '-u', '-R', mountPoint];
}

/**
 * Subvolumes by their path below the top. The value is what their content is known by on every node:
 * the uuid of the snapshot that was sent first, from hand to hand.
 */
export function parseSubvolumes(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, received, own = '', path] =
        / received_uuid (\S+)\s+uuid (\S+) path (?:<FS_TREE>\/)?(.+)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, received === '-' ? own : (received ?? own)]];
    }),
  );
}
