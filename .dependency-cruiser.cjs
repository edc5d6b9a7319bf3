/** The room plan of docs/design.md 6 as a failing build: imports go down, never up, never in a circle. */
const shelves = [
  ['errors', 'units', 'status'],
  ['env'],
  ['sqlite'],
  ['log'],
  ['exec', 'lock', 'store', 'config', 'schedule', 'render'],
  ['host', 'collector'],
  ['driver', 'task', 'request'],
  ['drivers'],
  ['service'],
  ['node', 'ur', 'bosh'],
  ['scheduler', 'cluster'],
  ['requests'],
  ['listener', 'queue'],
  ['cli'],
];

const path = (rooms) => `^lib/(${rooms.join('|')})/`;

const upward = shelves.flatMap((rooms, shelf) =>
  rooms.map((room) => ({
    name: `${room}-looks-down`,
    comment: `lib/${room} imports from lower shelves only`,
    severity: 'error',
    from: { path: `^lib/${room}/` },
    to: {
      path: [path(shelves.slice(shelf).flat()), '^bin/'],
      pathNot: `^lib/${room}/`,
    },
  })),
);

module.exports = {
  forbidden: [
    ...upward,
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'known-room',
      comment: 'every file of lib lives in a room of the plan',
      severity: 'error',
      from: { path: '^lib/', pathNot: path(shelves.flat()) },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'] },
  },
};
