/** The inventory of a server: every field with its value and where the value comes from. */
import { version } from '../env/build.js';
import type { Run } from '../exec/run.js';
import { detectContainer } from '../host/container-detect.js';
import { readCpuinfo } from '../host/cpuinfo.js';
import { type Dmi, type MemoryModule, readDmi } from '../host/dmi.js';
import { readFqdn } from '../host/fqdn.js';
import { type Hba, type HbaTarget, readHbas, readHbaTargets } from '../host/hba.js';
import { type LanAddress, readLan } from '../host/ip.js';
import { readServiceProcessorVersion } from '../host/ipmi.js';
import { readKernel } from '../host/kernel.js';
import { type PciDevice, readPciDevices } from '../host/lspci.js';
import { readMemoryMib } from '../host/memory.js';
import { readOsRelease } from '../host/os-release.js';
import { type Account, type Group, readGroups, readUsers } from '../host/passwd.js';
import { lastBoot, readUptime } from '../host/uptime.js';
import { utcOffset } from '../host/utc-offset.js';

/** Where a value was found: node.conf overrides the probe, the default stands for what nobody knows. */
export type AssetSource = 'node configuration file' | 'probe' | 'default';

export interface AssetField {
  title: string;
  value: string;
  source: AssetSource;
}

export interface Asset {
  fields: Record<string, AssetField>;
  hba: Hba[];
  targets: HbaTarget[];
  lan: LanAddress[];
  uids: Pick<Account, 'name' | 'uid'>[];
  gids: Pick<Group, 'name' | 'gid'>[];
  hardware: HardwareItem[];
}

/** A PCI device or a memory module. */
export interface HardwareItem {
  type: 'pci' | 'mem';
  /** Its slot. */
  path: string;
  class: string;
  description: string;
  driver: string;
}

export interface AssetDeps {
  run: Run;
  nodename: string;
  /** UTC ms. */
  now: number;
  /** A keyword of the section [node]. */
  override: (key: string) => string | undefined;
  setting: (section: string, key: string) => string | undefined;
}

/** What a field is called and what stands for a value that nobody knows (spec node 4.1). */
const known: Readonly<Record<string, readonly [title: string, fallback: string | undefined]>> = {
  nodename: ['hostname', undefined],
  fqdn: ['fqdn', undefined],
  version: ['agent version', undefined],
  os_name: ['os name', 'Linux'],
  os_vendor: ['os vendor', 'Unknown'],
  os_release: ['os release', 'Unknown'],
  os_kernel: ['os kernel', 'Unknown'],
  os_arch: ['os arch', 'Unknown'],
  mem_bytes: ['mem', '0'],
  mem_banks: ['mem banks', '0'],
  mem_slots: ['mem slots', '0'],
  cpu_freq: ['cpu freq', '0'],
  cpu_threads: ['cpu threads', '0'],
  cpu_cores: ['cpu cores', '0'],
  cpu_dies: ['cpu dies', '0'],
  cpu_model: ['cpu model', 'Unknown'],
  serial: ['serial', 'Unknown'],
  model: ['model', 'Unknown'],
  manufacturer: ['manufacturer', 'Unknown'],
  bios_version: ['bios version', ''],
  sp_version: ['sp version', ''],
  enclosure: ['enclosure', 'Unknown'],
  node_env: ['environment', 'TST'],
  listener_port: ['listener port', '1214'],
  connect_to: ['connect to', undefined],
  last_boot: ['last boot', undefined],
  boot_id: ['boot id', undefined],
  tz: ['timezone', undefined],
  sec_zone: ['security zone', undefined],
  asset_env: ['asset environment', undefined],
  loc_country: ['loc country', undefined],
  loc_city: ['loc city', undefined],
  loc_zip: ['loc zip', undefined],
  loc_addr: ['loc addr', undefined],
  loc_building: ['loc building', undefined],
  loc_floor: ['loc floor', undefined],
  loc_room: ['loc room', undefined],
  loc_rack: ['loc rack', undefined],
  team_integ: ['team integration', undefined],
  team_support: ['team support', undefined],
};

/** Settings that a probed field is overridden by when its name is not that of the keyword. */
const overrideNames: Readonly<Record<string, string>> = { node_env: 'env' };

/** Reads the whole inventory. What a host does not tell stays at its default; nothing is an error. */
export async function readAsset(deps: AssetDeps): Promise<Asset> {
  const { run } = deps;
  const container = detectContainer();
  const dmi = readDmi(run);
  const [probes, { memory }, pci, targets, lan] = await Promise.all([
    dmi.then((known) => probeFields(deps, container, known)),
    dmi,
    readPciDevices(run),
    readHbaTargets(run),
    readLan(run),
  ]);
  const fields: Asset['fields'] = {};
  for (const [name, [title, fallback]] of Object.entries(known)) {
    const written = deps.override(overrideNames[name] ?? name);
    const probed = probes[name];
    if (written !== undefined) {
      fields[name] = { title, value: written, source: 'node configuration file' };
    } else if (probed !== undefined) {
      fields[name] = { title, value: String(probed), source: 'probe' };
    } else if (fallback !== undefined) {
      fields[name] = { title, value: fallback, source: 'default' };
    }
  }
  return {
    fields,
    hba: readHbas(),
    targets,
    lan,
    uids: readUsers().map(({ name, uid }) => ({ name, uid })),
    gids: readGroups().map(({ name, gid }) => ({ name, gid })),
    hardware: container === undefined ? hardwareOf(pci, memory) : [],
  };
}

export function hardwareOf(
  pci: readonly PciDevice[],
  memory: readonly MemoryModule[],
): HardwareItem[] {
  return [
    ...pci.map(({ slot, ...device }) => ({ type: 'pci' as const, path: slot, ...device })),
    ...memory.map(({ locator, type, manufacturer, partNumber, size }) => ({
      type: 'mem' as const,
      path: locator,
      class: type,
      description: [manufacturer, partNumber, size].filter(Boolean).join(' '),
      driver: '',
    })),
  ];
}

type Probes = Record<string, string | number | undefined>;

async function probeFields(
  { run, nodename, now, setting }: AssetDeps,
  container: string | undefined,
  dmi: Dmi,
): Promise<Probes> {
  const [fqdn, firmware, memory] = await Promise.all([
    readFqdn(run, nodename),
    container ? undefined : readServiceProcessorVersion(run),
    readMemoryMib(run),
  ]);
  const kernel = readKernel();
  const os = readOsRelease();
  const cpu = readCpuinfo();
  const dies = cpu.dies ?? dmi.processors;
  const notInContainer = <T>(value: T | undefined): T | string | undefined =>
    container === undefined ? value : 'n/a';
  return {
    nodename,
    fqdn,
    version,
    os_name: kernel.name,
    os_vendor: os.vendor,
    os_release: os.release,
    os_kernel: kernel.release,
    os_arch: kernel.machine,
    // In MiB in spite of its name: the collector's contract.
    mem_bytes: memory,
    mem_banks: notInContainer(dmi.memoryBanks),
    mem_slots: notInContainer(dmi.memorySlots),
    cpu_freq: cpu.mhz,
    cpu_threads: notInContainer(cpu.threads ?? dies),
    cpu_cores: notInContainer(cpu.cores ?? dies),
    cpu_dies: dies,
    cpu_model: cpu.model,
    serial: notInContainer(dmi.serial),
    model: container ? 'container' : dmi.model,
    manufacturer: container ? '' : dmi.manufacturer,
    bios_version: notInContainer(dmi.biosVersion),
    sp_version: notInContainer(firmware),
    enclosure: dmi.enclosure,
    listener_port: setting('listener', 'port'),
    last_boot: localText(lastBoot(now, readUptime())),
    tz: utcOffset(now),
  };
}

/** `YYYY-MM-DD HH:MM:SS` in local time. */
function localText(utcMs: number): string {
  const date = new Date(utcMs);
  return new Date(utcMs - date.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace('T', ' ');
}
