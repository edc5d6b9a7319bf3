/** One array of `mdadm --detail --scan` or `mdadm --examine --scan` (mdadm(8)). */
export interface MdArray {
  readonly device: string;
  /** Four groups of hexadecimal digits: `0a1b2c3d:…`. */
  readonly uuid: string;
}

/** `ARRAY /dev/md/0 metadata=1.2 name=host1:0 UUID=0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9`. */
export function parseMdScan(text: string): MdArray[] {
  return text.split('\n').flatMap((line): MdArray[] => {
    const [word, device] = line.trim().split(/\s+/);
    const uuid = /\bUUID=(\S+)/i.exec(line)?.[1];
    return word === 'ARRAY' && device && uuid ? [{ device, uuid: uuid.toLowerCase() }] : [];
  });
}

/** What `mdadm --detail <device>` says of one array. */
export interface MdDetail {
  /** `clean`, `active`, `degraded`, `recovering`… in the order printed. */
  readonly states: readonly string[];
  readonly uuid: string | undefined;
  /** Devices that are part of it, spares too. */
  readonly members: readonly string[];
}

export function parseMdDetail(text: string): MdDetail {
  const states = /^\s*State : (.*)$/m.exec(text)?.[1] ?? '';
  return {
    states: states
      .split(',')
      .map((state) => state.trim())
      .filter(Boolean),
    uuid: /^\s*UUID : (\S+)/m.exec(text)?.[1]?.toLowerCase(),
    members: [...text.matchAll(/^\s+(?:\d+|-)\s+\d+\s+\d+\s+.*\s(\/dev\/\S+)\s*$/gm)].map(
      ([, device = '']) => device,
    ),
  };
}
