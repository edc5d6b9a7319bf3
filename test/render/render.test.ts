import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellText, escapeControls, pad, widthOf } from '../../lib/render/cell.js';
import { colourModes, isColoured, loadStyle } from '../../lib/render/colour.js';
import { renderCsv } from '../../lib/render/csv.js';
import { type Document, renderDocument } from '../../lib/render/emit.js';
import { renderFlatJson } from '../../lib/render/flat-json.js';
import { renderJson } from '../../lib/render/json.js';
import { plainStyle, type Style } from '../../lib/render/style.js';
import { type Column, renderTable } from '../../lib/render/table.js';
import { renderTree } from '../../lib/render/tree.js';

/** Marks instead of colours, so that a test sees them. */
const marks: Style = {
  ...plainStyle,
  ok: (text) => `<ok>${text}</ok>`,
  bad: (text) => `<bad>${text}</bad>`,
  bold: (text) => `<b>${text}</b>`,
};

const lines = (...parts: string[]): string => parts.map((part) => `${part}\n`).join('');

describe('tables', () => {
  const schedule: Column[] = [
    { key: 'action', minWidth: 21 },
    { key: 'last_run', minWidth: 21 },
    { key: 'config_parameter', minWidth: 24 },
    { key: 'schedule_definition' },
  ];

  test('have the layout of print schedule', () => {
    const rows = [
      {
        action: 'auto_reboot',
        last_run: '2015-07-28 17:00:01',
        config_parameter: 'reboot.schedule',
        schedule_definition: '16:00-17:00@1 sat:last,tue-mon:last * %2+1,feb-apr',
      },
      { action: 'checks', last_run: null, config_parameter: 'checks.schedule' },
    ];
    expect(renderTable(schedule, rows)).toBe(
      lines(
        'action                 last run               config parameter          schedule definition',
        '------                 --------               ----------------          -------------------',
        'auto_reboot            2015-07-28 17:00:01    reboot.schedule           16:00-17:00@1 sat:last,tue-mon:last * %2+1,feb-apr',
        'checks                 -                      checks.schedule           -',
      ),
    );
  });

  test('grow with their cells, right-aligned numbers included', () => {
    const columns: Column[] = [{ key: 'name' }, { key: 'n', title: 'count', align: 'right' }];
    const rows = [
      { name: 'a', n: 5 },
      { name: 'a long name', n: 1_000_000 },
    ];
    expect(renderTable(columns, rows)).toBe(
      lines(
        'name           count',
        '----           -----',
        'a                  5',
        'a long name  1000000',
      ),
    );
  });

  test('are a heading without rows', () => {
    expect(renderTable([{ key: 'a' }, { key: 'b' }], [])).toBe(lines('a  b', '-  -'));
  });

  test('pad before they colour', () => {
    const columns: Column[] = [
      { key: 's', title: 'state', role: (value) => (value === 'up' ? 'ok' : 'bad') },
      { key: 't', show: (value) => `${value}!` },
    ];
    expect(
      renderTable(
        columns,
        [
          { s: 'up', t: 1 },
          { s: 'down', t: 2 },
        ],
        marks,
      ),
    ).toBe(
      lines('<b>state</b>  <b>t</b>', '-----  -', '<ok>up</ok>     1!', '<bad>down</bad>   2!'),
    );
  });

  test('count characters, not bytes', () => {
    const columns: Column[] = [{ key: 'a' }, { key: 'b' }];
    expect(renderTable(columns, [{ a: '\u{1f600}é', b: 1 }])).toBe(
      lines('a   b', '-   -', '\u{1f600}é  1'),
    );
  });

  test('keep one line per row whatever a cell says', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const rows = texts.map((a) => ({ a }));
        const text = renderTable<{ a: string }>([{ key: 'a' }], rows);
        expect(text.split('\n')).toHaveLength(texts.length + 3);
      }),
    );
  });
});

test.each([
  { value: 'a\nb\r\tc', text: 'a\\nb\\r\\tc', why: 'line ends and tabs' },
  { value: '\x1b[31mred\x07', text: '\\x1b[31mred\\x07', why: 'escape sequences' },
  { value: '\x9b2J\x7f', text: '\\x9b2J\\x7f', why: 'eight-bit controls' },
  {
    value: 'a\u202eb\u2066\u2028',
    text: 'a\\u202eb\\u2066\\u2028',
    why: 'text direction, separators',
  },
  { value: '\ud83d', text: '\\ud83d', why: 'half a character' },
  { value: '\u{1f600} é', text: '\u{1f600} é', why: 'everything else stays' },
])('escape $text: $why', ({ value, text }) => {
  expect(escapeControls(value)).toBe(text);
});

test.each([
  { value: undefined, text: '-', why: 'nothing' },
  { value: '', text: '-', why: 'an empty text' },
  { value: [], text: '-', why: 'an empty list' },
  { value: false, text: 'false', why: 'a boolean' },
  { value: 0, text: '0', why: 'a number' },
  { value: 5n, text: '5', why: 'a large number' },
  { value: ['a', 1], text: 'a 1', why: 'a list' },
  { value: { a: 1 }, text: '{"a":1}', why: 'an object' },
  { value: new Date(0), text: '1970-01-01T00:00:00.000Z', why: 'an instant' },
])('cell $text: $why', ({ value, text }) => {
  expect(cellText(value)).toBe(text);
});

test('padding counts code points and never cuts', () => {
  expect([pad('é', 3), pad('é', 3, 'right'), pad('long', 2)]).toEqual(['é  ', '  é', 'long']);
  expect(widthOf('\u{1f600}')).toBe(1);
});

describe('trees', () => {
  const status = {
    nameWidth: 20,
    columns: [{ width: 4, align: 'right' as const }, { width: 10 }, { width: 0 }],
  };
  const tree = [
    { cells: [{ text: 'svc1', role: 'bold' as const }] },
    {
      cells: ['overall', '', { text: 'warn', role: 'bad' as const }, ''],
      children: [
        {
          cells: ['avail', '', 'up', ''],
          children: [
            { cells: ['ip#1', '....', 'up', '10.0.0.5@br0'] },
            { cells: ['fs#1', 'M...', 'up', 'ext4 /dev/vg1/lv1@/srv/svc1'] },
            {
              cells: ['app#1', '..O.', 'n/a', 'launcher'],
              notes: ['info: no check configured'],
            },
          ],
        },
        {
          cells: ['accessory'],
          children: [
            {
              cells: ['sync#i0', '....', 'warn', 'rsync svc config to drpnodes, nodes'],
              notes: ['warn: outdated: n2'],
            },
          ],
        },
      ],
    },
  ];

  test('have the layout of print status', () => {
    expect(renderTree(tree, status)).toBe(
      lines(
        'svc1',
        'overall                   warn',
        '|- avail                  up',
        '|  |- ip#1           .... up         10.0.0.5@br0',
        '|  |- fs#1           M... up         ext4 /dev/vg1/lv1@/srv/svc1',
        "|  '- app#1          ..O. n/a        launcher",
        '|                                    info: no check configured',
        "'- accessory",
        "   '- sync#i0        .... warn       rsync svc config to drpnodes, nodes",
        '                                     warn: outdated: n2',
      ),
    );
  });

  test('wrap their notes and keep their place', () => {
    const notes = ['one two three four five'];
    const root = { cells: ['a'], children: [{ cells: ['b', 'x'], notes }, { cells: ['c', 'y'] }] };
    const layout = { nameWidth: 6, columns: [{ width: 0 }], width: 20 };
    expect(renderTree([root], layout)).toBe(
      lines('a', '|- b   x', '|      one two three', '|      four five', "'- c   y"),
    );
  });

  test('fit their names', () => {
    const root = { cells: ['a', '1'], children: [{ cells: ['long name', '2'] }] };
    expect(renderTree([root])).toBe(lines('a            1', "'- long name 2"));
  });

  test('colour what has a role', () => {
    expect(renderTree(tree.slice(0, 1), { ...status, style: marks })).toBe(lines('<b>svc1</b>'));
  });
});

describe('JSON', () => {
  test('has sorted keys, four blanks and readable text', () => {
    expect(renderJson({ b: [1, { d: null, c: undefined }], a: 'é\n' })).toBe(
      lines(
        '{',
        '    "a": "é\\n",',
        '    "b": [',
        '        1,',
        '        {',
        '            "d": null',
        '        }',
        '    ]',
        '}',
      ),
    );
  });

  test.each([
    {
      value: new Map([
        ['b', 1],
        ['a', 2],
      ]),
      json: { a: 2, b: 1 },
      why: 'maps',
    },
    { value: new Set(['a']), json: ['a'], why: 'sets' },
    { value: [undefined, Number.NaN], json: [null, null], why: 'nothing in a list' },
    { value: 12n, json: 12, why: 'large numbers' },
    { value: 2n ** 70n, json: '1180591620717411303424', why: 'too large numbers' },
    { value: new Date(Number.NaN), json: null, why: 'no instant' },
    { value: { ['__proto__']: 1 }, json: { ['__proto__']: 1 }, why: 'odd names' },
    { value: undefined, json: null, why: 'nothing at all' },
  ])('of $json: $why', ({ value, json }) => {
    expect(JSON.parse(renderJson(value))).toEqual(json);
  });

  test('keeps any JSON value, and never speaks to a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const document = { value, text };
        const written = renderJson(document);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)));
        expect(escapeControls(written.replaceAll('\n', ''))).toBe(written.replaceAll('\n', ''));
      }),
    );
  });
});

describe('flat JSON', () => {
  test.each([
    { value: { a: { b: [{ c: 'x y' }] } }, text: '.a.b[0].c = x y', why: 'steps' },
    { value: { 'fs#1': { status: 'up' } }, text: ".'fs#1'.status = up", why: 'quoted keys' },
    { value: [1, true], text: '[0] = 1\n[1] = true', why: 'a list' },
    { value: { b: null, a: false }, text: '.a = false\n.b = null', why: 'sorted, words' },
    { value: { a: [], b: {} }, text: '.a = []\n.b = {}', why: 'what is empty' },
    { value: { a: 'x\ny' }, text: '.a = x\\ny', why: 'one line per leaf' },
    { value: 'x', text: '. = x', why: 'one value' },
    { value: { "it's": 1 }, text: ".'it\\'s' = 1", why: 'a quote in a key' },
  ])('$text: $why', ({ value, text }) => {
    expect(renderFlatJson(value)).toBe(`${text}\n`);
  });

  test('no two leaves share a path', () => {
    const key = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom('a', 'a.b', '.', "'", "\\'", '\\', '[0]', ' = ', 'b', '\n', '\\n'),
    );
    const leaf = fc.constant(1);
    const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(anything, (document) => {
        const paths = renderFlatJson(document)
          .split('\n')
          .map((line) => line.slice(0, line.lastIndexOf(' = ')));
        expect(new Set(paths).size).toBe(paths.length);
      }),
      { numRuns: 500 },
    );
  });
});

test('CSV separates with semicolons and quotes with single quotes', () => {
  const rows = [
    { a: "it's", b: 'x;y' },
    { a: null, b: 'two\nlines' },
  ];
  expect(renderCsv(['a', 'b'], rows)).toBe(lines("'a';'b'", "'it''s';'x;y'", "'';'two\\nlines'"));
});

describe('colour', () => {
  const xterm = { TERM: 'xterm' };
  test.each([
    { mode: 'auto', isTty: true, env: xterm, is: true, why: 'a terminal' },
    { mode: 'auto', isTty: false, env: xterm, is: false, why: 'a pipe' },
    { mode: 'auto', isTty: true, env: { TERM: 'dumb' }, is: false, why: 'a dumb terminal' },
    { mode: 'auto', isTty: true, env: {}, is: false, why: 'an unknown terminal' },
    { mode: 'auto', isTty: true, env: { ...xterm, NO_COLOR: '1' }, is: false, why: 'NO_COLOR' },
    {
      mode: 'auto',
      isTty: true,
      env: { ...xterm, NO_COLOR: '' },
      is: true,
      why: 'an empty NO_COLOR',
    },
    { mode: 'always', isTty: false, env: { NO_COLOR: '1' }, is: true, why: 'asked for' },
    { mode: 'yes', isTty: false, env: {}, is: true, why: 'the old word' },
    { mode: 'never', isTty: true, env: xterm, is: false, why: 'refused' },
    { mode: 'no', isTty: true, env: xterm, is: false, why: 'the old word' },
  ] as const)('$mode, terminal $isTty: $why', ({ mode, isTty, env, is }) => {
    expect(colourModes).toContain(mode);
    expect(isColoured(mode, { isTty, env })).toBe(is);
  });

  test('has the codes of the original', async () => {
    const style = await loadStyle('always', { isTty: false, env: {} });
    const start = (['bold', 'bad', 'ok', 'warn', 'info', 'dim'] as const).map(
      (role) => style[role]('x').split('x')[0],
    );
    expect(start).toEqual(['\x1b[1m', '\x1b[31m', '\x1b[32m', '\x1b[33m', '\x1b[94m', '\x1b[2m']);
    expect(await loadStyle('never', { isTty: true, env: xterm })).toBe(plainStyle);
  });
});

describe('documents', () => {
  interface Row {
    name: string;
    state: string;
    more?: number;
  }
  const list: Document<Row> = {
    schema: 'test.list.1',
    data: [{ name: 'a', state: 'up', more: 1 }],
    columns: [{ key: 'name' }, { key: 'state', role: () => 'ok' }],
  };
  const object: Document = { schema: 'test.object.1', data: { b_c: [1], a: { d: null } } };

  test.each([
    {
      format: 'table',
      text: lines('<b>name</b>  <b>state</b>', '----  -----', 'a     <ok>up</ok>'),
    },
    { format: 'csv', text: lines("'name';'state'", "'a';'up'") },
    {
      format: 'flat_json',
      text: lines('[0].more = 1', '[0].name = a', '[0].schema = test.list.1', '[0].state = up'),
    },
  ] as const)('a list as $format', ({ format, text }) => {
    expect(renderDocument(list, format, marks)).toBe(text);
  });

  test('a list stays a list in JSON, and its rows say their schema', () => {
    expect(JSON.parse(renderDocument(list, 'json'))).toEqual([
      { name: 'a', state: 'up', more: 1, schema: 'test.list.1' },
    ]);
    expect(JSON.parse(renderDocument({ ...list, data: [] }, 'json'))).toEqual([]);
  });

  test('an object says its schema, and reads as names and values', () => {
    expect(JSON.parse(renderDocument(object, 'json'))).toEqual({
      a: { d: null },
      b_c: [1],
      schema: 'test.object.1',
    });
    expect(renderDocument(object, 'table')).toBe(lines('b c  1', 'a    {"d":null}'));
  });

  test('CSV needs rows, which nested data may bring', () => {
    expect(() => renderDocument(object, 'csv')).toThrow(
      expect.objectContaining({ code: 'E_FORMAT', exitCode: 2 }),
    );
    expect(renderDocument({ ...object, rows: [{ x: 1 }] }, 'csv')).toBe(lines("'x'", "'1'"));
  });

  test('people may get a text of their own', () => {
    const text = (style: Style) => style.ok('fine');
    expect(renderDocument({ ...object, text }, 'table', marks)).toBe('<ok>fine</ok>\n');
    expect(JSON.parse(renderDocument({ ...object, text }, 'json'))).toHaveProperty('schema');
  });

  test('without columns every field is one', () => {
    const data = [{ a: 1 }, { b: 2 }];
    expect(renderDocument({ schema: 's', data }, 'table')).toBe(
      lines('a  b', '-  -', '1  -', '-  2'),
    );
  });
});
