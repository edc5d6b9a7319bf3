/** Volume groups with their tags, for `parseVolumeGroups` (vgs(8)). */
export const vgsArgv = ['vgs', '-o', 'vg_name,tags', '--noheadings', '--separator=;'] as const;

/** Logical volumes, for `parseLogicalVolumes` (lvs(8)). */
export const lvsArgv = [
  'lvs',
  '-o',
  'vg_name,lv_name,lv_attr',
  '--noheadings',
  '--separator=;',
] as const;

export interface VolumeGroup {
  readonly name: string;
  /** Without `@`. */
  readonly tags: readonly string[];
}

export interface LogicalVolume {
  readonly group: string;
  readonly name: string;
  readonly isActive: boolean;
}

export function parseVolumeGroups(text: string): VolumeGroup[] {
  return rowsOf(text).map(([name = '', tags = '']) => ({
    name,
    tags: tags.split(',').filter(Boolean),
  }));
}

/** The fifth letter of the attributes is the state, `a` for active. */
export function parseLogicalVolumes(text: string): LogicalVolume[] {
  return rowsOf(text).map(([group = '', name = '', attributes = '']) => ({
    group,
    name,
    isActive: attributes[4] === 'a',
  }));
}

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => line.split(';'));
}

/** Where the device of a logical volume appears: dashes inside a name are doubled. */
export function mapperPath(group: string, volume: string): string {
  return `/dev/mapper/${[group, volume].map((name) => name.replaceAll('-', '--')).join('-')}`;
}

/** A volume as `lvs` tells it, for snapshots and what they are of. */
export interface VolumeFacts {
  readonly group: string;
  readonly name: string;
  readonly uuid: string;
  readonly sizeBytes: number;
  /** A snapshot that was too small for what changed: it is worth nothing. */
  readonly isInvalid: boolean;
}

/** One volume by its device, for `parseVolumeFacts`. */
export function volumeFactsArgv(device: string): string[] {
  const fields = 'vg_name,lv_name,lv_uuid,lv_size,lv_attr';
  const form = ['--noheadings', '--separator=;', '--units', 'b', '--nosuffix'];
  return ['lvs', '-o', fields, ...form, device];
}

/** The fifth letter of the attributes of an invalid snapshot is `I`, or `S` of a suspended one. */
export function parseVolumeFacts(text: string): VolumeFacts | undefined {
  const [row] = rowsOf(text);
  const [group, name, uuid, size, attributes = ''] = row ?? [];
  if (!group || !name || !uuid) return undefined;
  const isInvalid = /[IS]/.test(attributes[4] ?? '');
  return { group, name, uuid, sizeBytes: Number(size), isInvalid };
}
