import { expect, test } from 'vitest';
import { createRunner } from '../../lib/exec/run.js';
import { detectContainer } from '../../lib/host/container-detect.js';
import { describeDmi, parseDmidecode, readDmi } from '../../lib/host/dmi.js';
import { readFqdn } from '../../lib/host/fqdn.js';
import { parseIscsiSessions, readHbas, readHbaTargets } from '../../lib/host/hba.js';
import { dottedMask, parseLan, readLan } from '../../lib/host/ip.js';
import { parseMcInfo, readServiceProcessorVersion } from '../../lib/host/ipmi.js';
import { parseLspci, readPciDevices } from '../../lib/host/lspci.js';
import { readMemoryMib } from '../../lib/host/memory.js';
import { parseAssignments, readOsRelease } from '../../lib/host/os-release.js';
import { readGroups, readUsers } from '../../lib/host/passwd.js';
import { captured, hostTree } from './tree.js';

const run = createRunner({ cgroups: null });

const releases = [
  {
    files: {
      'etc/os-release':
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n',
    },
    vendor: 'Debian',
    release: 'GNU/Linux 12 (bookworm)',
  },
  {
    files: { 'usr/lib/os-release': "NAME='Ubuntu'\nID=ubuntu\nPRETTY_NAME='Ubuntu 24.04.1 LTS'\n" },
    vendor: 'Ubuntu',
    release: '24.04.1 LTS',
  },
  {
    files: { 'etc/os-release': 'ID="rhel"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"\n' },
    vendor: 'Red Hat',
    release: 'Enterprise Linux 9.4 (Plow)',
  },
  {
    files: {
      'etc/os-release': 'ID="opensuse-leap"\nVERSION_ID="15.5"\nPRETTY_NAME="openSUSE Leap 15.5"\n',
    },
    vendor: 'SuSE',
    release: '15.5',
  },
  {
    files: {
      'etc/SuSE-release':
        'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n',
    },
    vendor: 'SuSE',
    release: '11.4',
  },
  {
    files: {
      'etc/os-release':
        'ID="ol"\nNAME="Oracle Linux Server"\nPRETTY_NAME="Oracle Linux Server 8.9"\n',
    },
    vendor: 'Oracle',
    release: 'Linux Server 8.9',
  },
  {
    files: {
      'etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_DESCRIPTION="x"\n',
    },
    vendor: 'Ubuntu',
    release: '10.04',
  },
  {
    files: { 'etc/debian_version': '6.0.10\n' },
    vendor: 'Debian',
    release: '6.0.10',
  },
  {
    files: { 'etc/redhat-release': 'CentOS release 6.10 (Final)\n' },
    vendor: 'CentOS',
    release: 'release 6.10 (Final)',
  },
  {
    files: { 'etc/os-release': 'NAME="Void"\nID=void\nPRETTY_NAME="Void Linux"\n' },
    vendor: 'Void',
    release: 'Linux',
  },
  { files: {}, vendor: undefined, release: undefined },
];

test.each(releases)('os release $vendor $release', ({ files, vendor, release }) => {
  expect(readOsRelease(hostTree(files as Record<string, string>))).toEqual({ vendor, release });
});

test('assignments: quotes, escapes, comments, empty values', () => {
  expect(parseAssignments(`# A=1\nB="a \\"b\\""\nC=\nD='x'\n E = 5 \n`)).toEqual({
    B: 'a "b"',
    D: 'x',
    E: '5',
  });
});

const dmidecode = `# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 3.2.0 present.

Handle 0x0000, DMI type 0, 26 bytes
BIOS Information
\tVendor: Dell Inc.
\tVersion: 2.12.2
\tCharacteristics:
\t\tPCI is supported
\t\tBIOS is upgradeable
\tBIOS Revision: 2.12

Handle 0x0001, DMI type 1, 27 bytes
System Information
\tManufacturer: Dell Inc.
\tProduct Name: PowerEdge R640
\tSerial Number: Not Specified

Handle 0x0003, DMI type 3, 22 bytes
Chassis Information
\tSerial Number: ABC1234

Handle 0x0010, DMI type 16, 23 bytes
Physical Memory Array
\tNumber Of Devices: 12

Handle 0x0011, DMI type 16, 23 bytes
Physical Memory Array
\tNumber Of Devices: 4

Handle 0x0012, DMI type 17, 84 bytes
Memory Device
\tSize: 32 GB
\tLocator: A1
\tType: DDR4
\tManufacturer: Micron
\tPart Number: 36ASF4G72PZ

Handle 0x0013, DMI type 17, 84 bytes
Memory Device
\tSize: No Module Installed
\tLocator: A2

Handle 0x0040, DMI type 4, 48 bytes
Processor Information
\tSocket Designation: CPU1

Handle 0x0041, DMI type 4, 48 bytes
Processor Information

Handle 0x0050, DMI type 204, 18 bytes
OEM-specific Type
\tEnclosure Name: enc-1
`;

test('dmidecode', async () => {
  const expected = {
    serial: 'ABC1234',
    model: 'PowerEdge R640',
    manufacturer: 'Dell Inc.',
    biosVersion: '2.12.2',
    enclosure: 'enc-1',
    memoryBanks: 1,
    memorySlots: 16,
    processors: 2,
    memory: [
      {
        locator: 'A1',
        size: '32 GB',
        type: 'DDR4',
        manufacturer: 'Micron',
        partNumber: '36ASF4G72PZ',
      },
    ],
  };
  expect(describeDmi(parseDmidecode(dmidecode))).toEqual(expected);
  expect(await readDmi(captured({ dmidecode }))).toEqual(expected);
});

test('a bios revision that the version does not begin with is added', () => {
  const text = dmidecode.replace('Version: 2.12.2', 'Version: U30');
  expect(describeDmi(parseDmidecode(text)).biosVersion).toBe('U30 2.12');
});

test('zeros are no serial number', () => {
  const text = dmidecode.replace('Not Specified', '00000000').replace('ABC1234', 'Unknown');
  expect(describeDmi(parseDmidecode(text)).serial).toBeUndefined();
});

test('without dmidecode sysfs says a part of it', async () => {
  const root = hostTree({
    'sys/class/dmi/id/product_name': 'Standard PC\n',
    'sys/class/dmi/id/sys_vendor': 'QEMU\n',
    'sys/class/dmi/id/product_serial': '\n',
    'sys/class/dmi/id/chassis_serial': 'C1\n',
    'sys/class/dmi/id/bios_version': '1.16.2\n',
  });
  expect(await readDmi(captured({}), root)).toMatchObject({
    model: 'Standard PC',
    manufacturer: 'QEMU',
    serial: 'C1',
    biosVersion: '1.16.2',
    memorySlots: undefined,
  });
});

const addrText = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    inet 172.17.0.2/20 brd 172.17.15.255 scope global eth0
       valid_lft forever preferred_lft forever
    inet6 fe80::42/64 scope link deprecated
       valid_lft forever preferred_lft 0sec
3: ppp0: <POINTOPOINT> mtu 1500
    link/ppp
    inet 10.0.0.1 peer 10.0.0.2/32 scope global ppp0
`;
const maddrText = `1:\tlo
\tinet  224.0.0.1
2:\teth0
\tlink  33:33:00:00:00:01
\tinet  224.0.0.1
\tinet6 ff02::1
`;
const lan = [
  { address: '172.17.0.2', family: 'ipv4', mask: '255.255.240.0', deprecated: false },
  { address: 'fe80::42', family: 'ipv6', mask: '64', deprecated: true },
  { address: '224.0.0.1', family: 'ipv4', mask: '', deprecated: false },
  { address: 'ff02::1', family: 'ipv6', mask: '', deprecated: false },
].map((row) => ({ ...row, mac: '02:42:ac:11:00:02', interface: 'eth0' }));

test('addresses from the text of old versions, and from JSON', () => {
  expect(parseLan(addrText, maddrText)).toEqual(lan);
  const addresses = JSON.stringify([
    {},
    {
      ifname: 'eth0',
      address: '02:42:ac:11:00:02',
      addr_info: [
        { family: 'inet', local: '172.17.0.2', prefixlen: 20 },
        { family: 'inet6', local: 'fe80::42', prefixlen: 64, deprecated: true },
        {},
      ],
    },
  ]);
  const groups = JSON.stringify([
    {
      ifname: 'eth0',
      maddr: [
        { link: '33:33:00:00:00:01' },
        { family: 'inet', address: '224.0.0.1' },
        { family: 'inet6', address: 'ff02::1' },
      ],
    },
  ]);
  expect(parseLan(addresses, groups)).toEqual(lan);
  expect(parseLan('', '')).toEqual([]);
});

test('masks', () => {
  expect([0, 1, 8, 23, 31, 32].map(dottedMask)).toEqual([
    '0.0.0.0',
    '128.0.0.0',
    '255.0.0.0',
    '255.255.254.0',
    '255.255.255.254',
    '255.255.255.255',
  ]);
});

test('JSON and text of this host say the same', async () => {
  const text = async (what: string) => (await run(['ip', what])).stdout;
  const fromText = parseLan(await text('addr'), await text('maddr'));
  expect(await readLan(run)).toEqual(fromText);
});

test('fibre channel and iscsi initiators keep their zeros', async () => {
  const root = hostTree({
    'sys/devices/pci/host0/fc_host/host0/port_name': '0x100000051ec00000\n',
    'sys/class/fc_host/host0': '-> ../../devices/pci/host0/fc_host/host0',
    'sys/devices/pci/net/eth2/host3/fc_host/host3/port_name': '0x200000051e000010\n',
    'sys/class/fc_host/host3': '-> ../../devices/pci/net/eth2/host3/fc_host/host3',
    'proc/scsi/qla2xxx/7': 'QLogic\nscsi-qla0-adapter-port=500143800012A4BC:0;\n',
    'etc/iscsi/initiatorname.iscsi': '# comment\nInitiatorName=iqn.1993-08.org.debian:01:abc\n',
    'sys/class/fc_transport/target0:0:1/port_name': '0x50060e8005000000\n',
    'sys/class/fc_remote_ports/rport-0:0-1/port_name': '0x50060e8005000000\n',
    'sys/class/fc_remote_ports/rport-0:0-2/port_name': '0x50060e8005000002\n',
    'sys/class/fc_remote_ports/rport-0:0-2/port_state': 'Online\n',
    'sys/class/fc_remote_ports/rport-0:0-3/port_name': '0x50060e8005000003\n',
    'sys/class/fc_remote_ports/rport-0:0-3/port_state': 'Not Present\n',
    'sys/class/fc_remote_ports/rport-3:0-1/port_name': '0x50060e8005000009\n',
  });
  expect(readHbas(root)).toEqual([
    { id: '100000051ec00000', type: 'fc', host: '0' },
    { id: '200000051e000010', type: 'fcoe', host: '3' },
    { id: '500143800012a4bc', type: 'fc', host: '7' },
    { id: 'iqn.1993-08.org.debian:01:abc', type: 'iscsi' },
  ]);
  const sessions = 'tcp: [1] 10.0.0.1:3260,1 iqn.2001-04.com.example:disk1 (non-flash)\n';
  expect(await readHbaTargets(captured({ 'iscsiadm -m session': sessions }), root)).toEqual([
    { hbaId: '100000051ec00000', targetId: '50060e8005000000' },
    { hbaId: '100000051ec00000', targetId: '50060e8005000002' },
    { hbaId: '200000051e000010', targetId: '50060e8005000009' },
    { hbaId: 'iqn.1993-08.org.debian:01:abc', targetId: 'iqn.2001-04.com.example:disk1' },
  ]);
  expect(readHbas(hostTree({}))).toEqual([]);
  expect(await readHbaTargets(captured({}), hostTree({}))).toEqual([]);
});

test('iscsi sessions of old versions', () => {
  expect(parseIscsiSessions('tcp: [2] 10.0.0.1:3260,1 some-target\niscsiadm: No active\n')).toEqual(
    ['some-target'],
  );
});

test('users and groups; NIS and broken lines are left out', async () => {
  const root = hostTree({
    'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n+::::::\n# c\nbad\nx:x:1000:1000:::\n',
    'etc/group': 'root:x:0:\nadm:x:4:a,b\n+:::\n',
  });
  expect(readUsers(root)).toEqual([
    { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
    { name: 'x', uid: 1000, gid: 1000, home: '/', shell: '' },
  ]);
  expect(readGroups(root)).toEqual([
    { name: 'root', gid: 0, members: [] },
    { name: 'adm', gid: 4, members: ['a', 'b'] },
  ]);
  const lines = (text: string) => text.trim().split('\n').length;
  expect(readUsers()).toHaveLength(lines((await run(['getent', 'passwd'])).stdout));
  expect(readGroups()).toHaveLength(lines((await run(['getent', 'group'])).stdout));
});

test('containers', () => {
  const kinds = [
    [{ 'proc/1/environ': 'PATH=/bin\0container=lxc\0' }, 'lxc'],
    [{ 'run/systemd/container': 'systemd-nspawn\n' }, 'systemd-nspawn'],
    [{ 'run/.containerenv': '' }, 'podman'],
    [{ '.dockerenv': '' }, 'docker'],
    [{ 'proc/1/environ': 'notcontainer=1\0' }, undefined],
  ] as const;
  for (const [files, kind] of kinds) {
    expect(detectContainer(hostTree(files as Record<string, string>))).toBe(kind);
  }
});

test('service processor', async () => {
  const text =
    'Device ID                 : 32\nFirmware Revision         : 2.10\nIPMI Version : 2.0\n';
  expect(parseMcInfo(text)).toBe('2.10');
  expect(await readServiceProcessorVersion(captured({ 'ipmitool mc info': text }))).toBe('2.10');
  expect(await readServiceProcessorVersion(captured({}))).toBeUndefined();
});

test('pci devices', async () => {
  const text = `00:00.0 Host bridge: Intel Corporation 440FX (rev 02)
\tFlags: fast devsel

0000:00:01.0 Ethernet controller: Red Hat, Inc. Virtio network device
\tSubsystem: x
\tKernel driver in use: virtio-pci
\tKernel modules: virtio_pci
`;
  expect(parseLspci(text)).toEqual([
    {
      slot: '00:00.0',
      class: 'Host bridge',
      description: 'Intel Corporation 440FX (rev 02)',
      driver: '',
    },
    {
      slot: '0000:00:01.0',
      class: 'Ethernet controller',
      description: 'Red Hat, Inc. Virtio network device',
      driver: 'virtio-pci',
    },
  ]);
  expect(await readPciDevices(captured({}))).toEqual([]);
});

test('memory: of the machine; in the control domain of Xen, of the whole host', async () => {
  const machine = { 'proc/meminfo': 'MemTotal:        2097152 kB\n' };
  const xen = hostTree({ ...machine, 'proc/xen/capabilities': 'control_d\n' });
  const virsh = { 'virsh nodeinfo': 'CPU model:  x86_64\nMemory size:         33554432 KiB\n' };
  const xm = { 'xm info': 'total_memory           : 8191\n' };
  expect(await readMemoryMib(captured(virsh), xen)).toBe(32768);
  expect(await readMemoryMib(captured(xm), xen)).toBe(8191);
  expect(await readMemoryMib(captured({}), xen)).toBe(2048);
  expect(await readMemoryMib(captured(virsh), hostTree(machine))).toBe(2048);
  expect(await readMemoryMib(captured(virsh), hostTree({}))).toBeUndefined();
});

test('canonical name', async () => {
  expect(await readFqdn(captured({ 'hostname -f': 'N1.Example.COM\n' }), 'n1')).toBe(
    'n1.example.com',
  );
  expect(await readFqdn(captured({ 'hostname -f': 'localhost\n' }), 'n1')).toBe('n1');
  expect(await readFqdn(captured({}), 'n1')).toBe('n1');
});
