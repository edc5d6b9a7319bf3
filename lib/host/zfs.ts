/** Properties of a dataset for `parseZfsProperties` (zfs-get(8)). */
export function zfsGetArgv(properties: readonly string[], dataset: string): string[] {
  return ['zfs', 'get', '-H', '-o', 'property,value', properties.join(','), dataset];
}

/** Lines of property and value, separated by a tab; `-` is a property that does not apply. */
export function parseZfsProperties(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .map((line) => line.split('\t'))
      .flatMap(([property, value]) =>
        property && value && value !== '-' ? [[property, value] as const] : [],
      ),
  );
}

/** The snapshots of one dataset, for `parseZfsSnapshots`. */
export function zfsSnapshotsArgv(dataset: string): string[] {
  return ['zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name,guid', '-d', '1', dataset];
}

/** By their name after the `@`; the guid is the same wherever a snapshot was sent. */
export function parseZfsSnapshots(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, guid] = /@(\S+)\t(\S+)$/.exec(line) ?? [];
      return name !== undefined && guid !== undefined ? [[name, guid] as const] : [];
    }),
  );
}
