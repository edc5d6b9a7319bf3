/** nodemgr print asset|packages|checks|stats: the last results of the node tasks. */
import { AgentError } from '../../errors/agent-error.js';
import type { InstalledPackage } from '../../host/package.js';
import type { Asset } from '../../node/asset.js';
import { localResults } from '../../node/run-node-task.js';
import { type StatsRow, statsRows } from '../../node/stats.js';
import type { CheckReport } from '../../node/tasks/checks.js';
import { sampleTable } from '../../store/samples.js';
import { parseDuration } from '../../units/duration.js';
import type { App } from '../app.js';
import { defineCommand } from '../command.js';
import { defineShape, listDocument } from '../shape.js';
import { isoInstant, localSecond } from '../when.js';

function resultOf<T>(app: App, name: string, command: string): T {
  const data = localResults(app.paths).read(name);
  if (data !== undefined) return data as T;
  throw new AgentError('E_NO_RESULT', `there is no result of ${command} yet`, {
    remedy: `run \`nodemgr ${command}\`, or wait for its schedule`,
  });
}

interface AssetRow {
  name: string;
  title: string;
  value: string;
  source: string;
}

const assetShape = defineShape<AssetRow>({
  schema: 'nodemgr.asset_field.1',
  describe: 'The inventory (`print asset`).',
  fields: {
    name: { type: 'string', describe: 'the field of the collector', column: {} },
    title: { type: 'string', describe: 'what people call it' },
    value: { type: 'string', describe: 'always text', column: {} },
    source: {
      type: 'probe | default | node configuration file',
      describe: 'who says so',
      column: {},
    },
  },
});

export const asset = defineCommand({
  options: {},
  examples: [['$0 print asset', 'the last inventory: each field with its source']],
  async run(app, args) {
    const found = resultOf<Asset>(app, 'asset', 'pushasset');
    const rows = Object.entries(found.fields).map(([name, field]) => ({ name, ...field }));
    if (args.format === 'json' || args.format === 'flat_json') {
      await app.emit({ schema: 'nodemgr.asset.1', data: found }, args);
    } else {
      await app.emit(listDocument(assetShape, rows), args);
    }
    return 0;
  },
});

interface PackageRow {
  name: string;
  version: string;
  arch: string;
  type: string;
  installed_at: string | null;
  signature: string | null;
}

const packageShape = defineShape<PackageRow>({
  schema: 'nodemgr.package.1',
  describe: 'The installed packages (`print packages`).',
  fields: {
    name: { type: 'string', describe: 'name of the package', column: {} },
    version: { type: 'string', describe: 'as its manager writes it', column: {} },
    arch: { type: 'string', describe: 'architecture', column: {} },
    type: { type: 'deb | rpm | snap | apk | pacman', describe: 'its manager', column: {} },
    installed_at: {
      type: 'string | null',
      describe: 'RFC 3339; null when unknown',
      column: {
        title: 'installed',
        show: (value) => value && localSecond(Date.parse(String(value))),
      },
    },
    signature: { type: 'string | null', describe: 'id of the key that signed an rpm' },
  },
});

export const packages = defineCommand({
  options: {},
  examples: [['$0 print packages --format csv', 'for a spreadsheet']],
  async run(app, args) {
    const rows = resultOf<InstalledPackage[]>(app, 'packages', 'pushpkg').map((row) => ({
      name: row.name,
      version: row.version,
      arch: row.arch,
      type: row.type,
      installed_at: isoInstant(row.installedAt),
      signature: row.signature ?? null,
    }));
    await app.emit(listDocument(packageShape, rows), args);
    return 0;
  },
});

interface CheckRow {
  type: string;
  driver: string;
  instance: string;
  service: string;
  value: number;
  at: string | null;
}

const checkShape = defineShape<CheckRow>({
  schema: 'nodemgr.check.1',
  describe: 'Values of the health checks (`print checks`).',
  fields: {
    type: { type: 'string', describe: 'kind of check: fs_u, fs_i', column: {} },
    driver: { type: 'string', describe: 'what measured it', column: {} },
    instance: { type: 'string', describe: 'what was measured', column: {} },
    service: { type: 'string', describe: 'the service that owns it, or empty' },
    value: {
      type: 'number',
      describe: 'percent, or KiB and inodes for .free and .size',
      column: { align: 'right' },
    },
    at: { type: 'string | null', describe: 'when, RFC 3339' },
  },
});

export const checks = defineCommand({
  options: {},
  examples: [['$0 print checks', 'the last values of every check']],
  async run(app, args) {
    const report = resultOf<CheckReport>(app, 'checks', 'checks');
    for (const { mount, why } of report.silent) app.note(`warning: ${mount}: ${why}`);
    const rows = report.results.map((row) => ({ ...row, at: isoInstant(row.at) }));
    await app.emit(listDocument(checkShape, rows), args);
    return 0;
  },
});

type StatsDocument = Omit<StatsRow, 'at'> & { at: string | null };

const percent = { type: 'number', column: { align: 'right' } } as const;

const statsShape = defineShape<StatsDocument>({
  schema: 'nodemgr.stats.1',
  describe: 'Rates between two samples of collect_stats (`print stats`).',
  fields: {
    at: {
      type: 'string | null',
      describe: 'end of the interval, RFC 3339',
      column: { title: 'until', show: (value) => localSecond(Date.parse(String(value))) },
    },
    cpu_usr: { ...percent, describe: 'percent of cpu time in programs' },
    cpu_sys: { ...percent, describe: 'percent in the kernel' },
    cpu_iowait: { ...percent, describe: 'percent waiting for disks' },
    cpu_steal: { type: 'number', describe: 'percent taken by the hypervisor' },
    cpu_idle: { ...percent, describe: 'percent idle' },
    load_1: { ...percent, describe: 'load average over one minute' },
    load_5: { type: 'number', describe: 'over five minutes' },
    load_15: { type: 'number', describe: 'over fifteen minutes' },
    mem_used: { ...percent, describe: 'percent of memory not available to programs' },
    swap_used: { ...percent, describe: 'percent of swap in use' },
    disk_read: { ...percent, describe: 'KiB/s read from disks' },
    disk_write: { ...percent, describe: 'KiB/s written to disks' },
    net_rx: { ...percent, describe: 'KiB/s received' },
    net_tx: { ...percent, describe: 'KiB/s sent' },
  },
});

export const stats = defineCommand({
  options: {
    since: { type: 'string', default: '24h', value: 'DURATION', describe: 'how far back' },
  },
  examples: [['$0 print stats --since 2h', 'cpu, load, memory, disks and network']],
  async run(app, args) {
    const age = parseDuration(args.since);
    if (age === undefined) {
      throw new AgentError('E_USAGE', `--since: "${args.since}" is not a duration`, {
        exit: 'usage',
        remedy: 'write 90m, 2h or 7d',
      });
    }
    const now = app.clock.now();
    const samples = sampleTable(await app.store()).range(now - age, now);
    const rows = statsRows(samples).map((row) => ({ ...row, at: isoInstant(row.at) }));
    if (rows.length === 0)
      app.note('there are no two samples yet: `nodemgr collect stats` takes one');
    await app.emit(listDocument(statsShape, rows), args);
    return 0;
  },
});
