/**
 * `npm run docs`: writes the reference pages and manuals from the tables in the code. With `--check`
 * nothing is written; a page that is out of date is named and the exit code is 1.
 *
 * A page is either made as a whole, or has generated blocks between `<!-- generated: NAME -->` and
 * `<!-- end -->`; what stands around these is written by hand.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const top = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(read('package.json'));
const notice =
  '<!-- Made by `npm run docs` from the tables in lib/. Change those, not this page. -->';

/** What each kind of keyword accepts. */
const kinds = {
  string: 'any text',
  lower: 'any text; upper case letters become lower case',
  path: 'an absolute path',
  boolean:
    '`true yes y t 1` or `false no n f 0`, in any case; an empty text, `none`, `[]` and `{}` are false',
  tristate: 'a boolean, or not set',
  integer: 'a whole number',
  duration: '`1w2d3h4m5s`, any part of it; a bare number counts seconds',
  size: '`100m`, `1.5g`: powers of 1024. With an `i`, powers of 1000: `1MiB` is 1 000 000 bytes',
  size_or_share: 'a size, or a share such as `50%FREE`',
  speed_kps: 'a size for each second: `500k`, `10m/s`; a bare number counts KB',
  list: 'words separated by blanks',
  list_lower: 'words separated by blanks; upper case letters become lower case',
  list_comma: 'words separated by commas',
  set: 'words separated by blanks, each counted once',
  shlex: 'words split as a shell does, with quotes and without any expansion',
  expanded_shlex: 'the same; `-it` becomes `-i -t`',
  nodes_selector: 'node names and globs, separated by blanks',
  schedule: 'a [schedule](schedules.md)',
};

/** What drivers may do, by the names in their contract. */
const abilities = {
  status: 'tells its status',
  start: 'starts',
  stop: 'stops',
  provision: 'makes what it needs (`provision`)',
  unprovision: 'destroys it again (`unprovision`)',
  conflict: 'looks before a start whether somebody else has what it would take',
  standbyStop: 'does something of its own when it is on standby and the instance stops',
  run: 'runs, by hand or on a schedule (`run`)',
  presync: 'writes what other nodes have to know before a copy (`presync`)',
  postsync: 'takes in what was copied here (`postsync`)',
  info: 'tells more of itself (`print resource info`)',
  shell: 'opens a shell inside (`enter`)',
  processGroup: 'can be frozen, thawed and killed where it stands (`pg freeze`)',
  stonith: 'takes another node down (`stonith`)',
};

const code = await loadTables();
const programs = [code.nodemgrProgram, code.svcmgrProgram];
const warnings = [];
const usedKinds = new Set();
const driverList = await Promise.all(
  Object.values(code.drivers).map(async (load) => (await load()).default),
);
for (const program of programs) program.loaded = await loadCommands(program);

const pages = new Map([
  ['docs/commands.md', commandsPage()],
  ...programs.flatMap(({ name, loaded }) =>
    loaded.map((command) => [
      `docs/${commandFile(name, command.words)}`,
      commandPage(name, command),
    ]),
  ),
  ...driverList.map((driver) => [`docs/${driverFile(driver.id)}`, driverPage(driver)]),
  ...programs.map((program) => [`docs/man/${program.name}.1`, manual(program)]),
  ['docs/configuration.md', withBlocks('docs/configuration.md', configurationBlocks())],
  ['docs/exit-codes.md', withBlocks('docs/exit-codes.md', { table: exitCodesTable() })],
  ['docs/json.md', withBlocks('docs/json.md', { shapes: shapesText() })],
]);

for (const warning of warnings) console.error(`warning: ${warning}`);
const stale = [...pages].filter(([path, text]) => readOr(path) !== text);
const orphans = ['docs/commands', 'docs/drivers']
  .flatMap(pagesBelow)
  .filter((path) => !pages.has(path));
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is out of date: run \`npm run docs\``);
  for (const path of orphans) console.error(`${path} is of nothing any more: run \`npm run docs\``);
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0;
} else {
  for (const path of orphans) rmSync(join(top, path));
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
    console.log(`${path} written`);
  }
  if (stale.length === 0) console.log(`${pages.size} pages, all current`);
}

/** The tables of the sources, bundled into one module that Node.js can load. */
async function loadTables() {
  const directory = mkdtempSync(join(tmpdir(), 'nodemgr-docs-'));
  try {
    const file = join(directory, 'tables.mjs');
    await build({
      absWorkingDir: top,
      stdin: {
        contents: `
          export { nodemgrProgram } from './lib/cli/nodemgr/program.js';
          export { svcmgrProgram } from './lib/cli/svcmgr/program.js';
          export { globalOptions } from './lib/cli/command.js';
          export { definedShapes } from './lib/cli/shape.js';
          export { parseIni } from './lib/config/ini.js';
          export { exitCodes } from './lib/errors/exit-codes.js';
          export {
            deviceKeywords, processGroupKeywords, resourceKeywords,
          } from './lib/driver/resource-keywords.js';
          export { drivers } from './lib/drivers/catalogue.js';
          export { nodeTasks } from './lib/node/catalogue.js';
          export { nodeSections } from './lib/node/keywords.js';
          export { scheduleKeywords } from './lib/task/schedule-keywords.js';
          export { serviceKeywords, subsetKeywords } from './lib/service/keywords.js';
        `,
        resolveDir: top,
        loader: 'ts',
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      outfile: file,
      logLevel: 'error',
      alias: { bindings: './scripts/no-bindings.cjs' },
      // Packages of the older kind ask for `require`.
      banner: {
        js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
      },
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The commands of a program with what their files say; the ones that are not written yet are named. */
async function loadCommands({ name, commands }) {
  const loaded = [];
  for (const { words, describe, load } of commands) {
    const command = (await load()).default;
    if (command?.options) loaded.push({ words, describe, ...command });
    else warnings.push(`${name} ${words} is not written yet: left out`);
  }
  return loaded;
}

// ---- commands

function commandsPage() {
  return page([
    '# Commands',
    notice,
    'Each command has `--help` with the same text. Command words may be joined with `_`: `print_schedule`\n' +
      'is `print schedule`. Data go to the standard output, everything else to the standard error.\n' +
      'Tables are for people and may change; programs read `--format json` ([shapes](json.md)).',
    'Options of every command:',
    optionTable(code.globalOptions),
    ...programs.flatMap(({ name, describe, loaded }) => [
      `## ${name}`,
      describe,
      table(
        ['command', 'what it does'],
        loaded.map(({ words, describe: text }) => [
          `[\`${words}\`](${commandFile(name, words)})`,
          text,
        ]),
      ),
    ]),
    '## om',
    '`om` is a thin alias: `om node …` is `nodemgr …`, and `om NAME …` is `svcmgr -s NAME …`.',
    '## Completion',
    'Bash completes commands and options with',
    fence('nodemgr completion >> ~/.bashrc\nsvcmgr completion >> ~/.bashrc'),
    'See also: [exit codes](exit-codes.md), [configuration](configuration.md).',
  ]);
}

function commandFile(program, words) {
  return `commands/${program}/${words.replaceAll(' ', '-')}.md`;
}

function commandPage(program, command) {
  const { words, describe, operands = [], options, examples } = command;
  return page([
    `# ${program} ${words}`,
    notice,
    sentence(describe),
    fence(synopsis(program, command)),
    ...(operands.length > 0
      ? [
          table(
            ['operand', 'meaning'],
            operands.map(({ name, describe: text }) => [`\`${name}\``, text]),
          ),
        ]
      : []),
    ...(Object.keys(options).length > 0 ? [optionTable(options)] : []),
    ...(examples.length > 0
      ? [
          fence(
            examples
              .map(([line, text]) => `# ${text}\n${line.replaceAll('$0', program)}`)
              .join('\n'),
          ),
        ]
      : []),
    'It also takes the [options of all commands](../../commands.md). [Exit codes](../../exit-codes.md),\n' +
      '[shapes of its JSON](../../json.md).',
  ]);
}

function synopsis(name, { words, options, operands = [] }) {
  const given = operands.map(({ name: operand, required, many }) => {
    const word = many ? `${operand}…` : operand;
    return required ? word : `[${word}]`;
  });
  return [name, words, ...(Object.keys(options).length > 0 ? ['[options]'] : []), ...given].join(
    ' ',
  );
}

function optionTable(options) {
  return table(
    ['option', 'default', 'meaning'],
    Object.entries(options).map(([name, option]) => [
      `\`${optionWords(name, option).join('`, `')}\``,
      defaultOf(option) === undefined ? '' : `\`${defaultOf(option)}\``,
      optionText(option),
    ]),
  );
}

function optionWords(name, { alias, type, value, choices }) {
  const argument = type === 'boolean' ? '' : ` ${value ?? (choices ? 'WORD' : 'TEXT')}`;
  return [...(alias ? [`-${alias}${argument}`] : []), `--${name}${argument}`];
}

function optionText({ describe, choices, type }) {
  const many = type === 'list' ? '; may be repeated' : '';
  const words = choices ? `: ${choices.map((choice) => `\`${choice}\``).join(', ')}` : '';
  return `${describe}${words}${describe.includes('repeated') ? '' : many}`;
}

function defaultOf({ default: value, type }) {
  return value === undefined || (type === 'boolean' && value === false) ? undefined : value;
}

// ---- configuration

function configurationBlocks() {
  const shipped = code.parseIni(read('schedules/node.conf')).byName;
  const shippedText = (section, key) => shipped.get(section)?.byKey.get(key)?.value;
  const taskSections = new Set(code.nodeTasks.map(({ section }) => section));
  const blocks = {
    node: Object.entries(code.nodeSections)
      .filter(([section]) => !taskSections.has(section))
      .map(([section, keywords]) => `### [${section}]\n\n${keywordTable(keywords)}`)
      .join('\n\n'),
    'node-tasks': table(
      ['section', 'task', 'default schedule', 'timeout', 'what it does'],
      code.nodeTasks.map(({ section, name, describe, fallback }) => [
        `\`[${section}]\``,
        `\`${name}\``,
        quoted(shippedText(section, 'schedule')) || 'never',
        quoted(shippedText(section, 'timeout')),
        fallback ? `${describe}; its schedule may also stand in \`DEFAULT.${fallback}\`` : describe,
      ]),
    ),
    schedule: keywordTable(code.scheduleKeywords),
    service: keywordTable(code.serviceKeywords),
    resource: keywordTable({ ...code.resourceKeywords, ...code.deviceKeywords }),
    subset: keywordTable({ parallel: code.subsetKeywords.parallel }),
    'process-group': keywordTable(code.processGroupKeywords),
    drivers: '',
    kinds: '',
  };
  blocks.drivers = table(
    ['driver', 'what it is'],
    driverList.map(({ id, describe }) => [`[\`${id}\`](${driverFile(id)})`, describe]),
  );
  blocks.kinds = table(
    ['kind', 'what may be written'],
    [...usedKinds].sort().map((kind) => {
      if (!kinds[kind]) throw new Error(`scripts/docs.mjs does not say what a ${kind} is`);
      return [kind, kinds[kind]];
    }),
  );
  return blocks;
}

function driverFile(id) {
  return `drivers/${id}.md`;
}

function driverPage(driver) {
  const { id, describe, keywords, sync } = driver;
  const own = Object.fromEntries(
    Object.entries(keywords).filter(([name]) => !(name in code.scheduleKeywords)),
  );
  const isScheduled = Object.keys(own).length < Object.keys(keywords).length;
  const [group, type] = id.split('.');
  const required = Object.entries(own).filter(([, { required: isRequired }]) => isRequired);
  const verbs = Object.keys(sync ?? {}).map((verb) => `\`sync ${verb}\``);
  const can = [
    ...Object.entries(abilities).flatMap(([name, text]) => (driver[name] ? [text] : [])),
    ...(verbs.length > 0 ? [`copies: ${verbs.join(', ')}`] : []),
  ];
  return page([
    `# ${id}`,
    notice,
    describe,
    fence(
      [`[${group}#1]`, `type = ${type}`, ...required.map(([name]) => `${name} = …`)].join('\n'),
    ),
    can.length > 0
      ? `It\n\n${can.map((text) => `- ${text}`).join('\n')}`
      : 'It is listed, and nothing else.',
    '## Keywords',
    ...(Object.keys(own).length > 0 ? [keywordTable(own)] : ['It has none of its own.']),
    [
      'It also takes [those of every resource](../configuration.md#services-resources)',
      isScheduled ? ' and [those of everything scheduled](../configuration.md#nodeconf)' : '',
      '. At the terminal:',
    ].join(''),
    fence(`svcmgr print keywords --driver ${id}`),
  ]);
}

function keywordTable(keywords) {
  return table(
    ['keyword', 'kind', 'default', 'meaning'],
    Object.entries(keywords).map(([name, keyword]) => {
      usedKinds.add(keyword.kind);
      return [
        `\`${name}\``,
        keyword.kind,
        keyword.required ? '*required*' : quoted(keyword.default),
        keywordText(keyword),
      ];
    }),
  );
}

function keywordText({
  text,
  candidates,
  strict,
  scopable,
  secret,
  aliases,
  deprecatedFor,
  inherit,
}) {
  const words = candidates?.map((word) => `\`${word}\``).join(', ');
  return [
    text,
    words && (strict ? `One of ${words}.` : `For example ${words}.`),
    scopable && '*Scopable.*',
    inherit?.mapped && `Falls back on \`DEFAULT.${inherit.mapped}\`.`,
    secret && 'Secret: masked wherever it is shown.',
    aliases && `Older name: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`,
    deprecatedFor && `Use \`${deprecatedFor}\` instead.`,
  ]
    .filter(Boolean)
    .join(' ');
}

// ---- exit codes and shapes

function exitCodesTable() {
  return table(
    ['code', 'name', 'meaning'],
    Object.entries(code.exitCodes).map(([name, { code: number, text }]) => [
      String(number),
      name,
      text,
    ]),
  );
}

function shapesText() {
  return [...code.definedShapes()]
    .sort((a, b) => (a.schema < b.schema ? -1 : 1))
    .map(({ schema, describe, fields }) =>
      [
        `### ${schema}`,
        describe,
        table(
          ['field', 'type', 'meaning'],
          Object.entries(fields).map(([name, { type, describe: text }]) => [
            `\`${name}\``,
            type,
            text,
          ]),
        ),
      ].join('\n\n'),
    )
    .join('\n\n');
}

// ---- manuals

function manual({ name, describe, loaded }) {
  const lines = [
    `.\\" Made by \`npm run docs\` from the tables in lib/.`,
    `.TH ${name.toUpperCase()} 1 "" "nodemgr ${version}" "nodemgr"`,
    '.SH NAME',
    `${name} \\- ${roff(describe.split(/[.:]/, 1)[0].replace(/^The /, 'the '))}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    '[options] [operands]',
    '.SH DESCRIPTION',
    roff(plain(describe)),
    '.SH COMMANDS',
  ];
  for (const command of loaded) {
    lines.push(`.SS "${roff(synopsis(name, command))}"`, roff(plain(sentence(command.describe))));
    for (const { name: operand, describe: text } of command.operands ?? []) {
      lines.push('.TP', `.I ${roff(operand)}`, roff(plain(text)));
    }
    lines.push(...manualOptions(command.options));
    if (command.examples.length > 0) lines.push('.PP', 'Examples:');
    for (const [line, text] of command.examples) {
      lines.push('.PP', roff(plain(text)), '.RS 4', '.nf', roff(line.replaceAll('$0', name)));
      lines.push('.fi', '.RE');
    }
  }
  lines.push('.SH OPTIONS OF EVERY COMMAND', ...manualOptions(code.globalOptions));
  lines.push('.SH EXIT STATUS');
  for (const { code: number, text } of Object.values(code.exitCodes)) {
    lines.push('.TP', `.B ${number}`, roff(text));
  }
  lines.push('.SH FILES');
  for (const [path, text] of [
    ['/etc/nodemgr/node.conf', 'configuration of the node'],
    ['/etc/nodemgr/NAME.conf', 'configuration of a service'],
    ['/var/lib/nodemgr', 'the store, and the results of the node tasks'],
    ['/var/log/nodemgr', 'logs'],
    ['/run/nodemgr', 'stamps and locks'],
  ]) {
    lines.push('.TP', `.I ${path}`, roff(text));
  }
  lines.push(
    '.SH ENVIRONMENT',
    '.TP',
    '.B NODEMGR_ROOT',
    'Directory that replaces all four: DIR/etc, DIR/var, DIR/log and DIR/run.',
    '.TP',
    '.B NO_COLOR',
    'When set, nothing is coloured.',
    '.SH SEE ALSO',
    name === 'nodemgr' ? '.BR svcmgr (1)' : '.BR nodemgr (1)',
  );
  return `${lines.join('\n')}\n`;
}

function manualOptions(options) {
  return Object.entries(options).flatMap(([name, option]) => {
    const value = defaultOf(option);
    const text = plain(optionText(option)) + (value === undefined ? '' : ` (default: ${value})`);
    return ['.TP', `.B ${roff(optionWords(name, option).join(', '))}`, roff(text)];
  });
}

function plain(text) {
  return text.replaceAll('`', '');
}

function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('"', '\\(dq')
    .replace(/^(['.])/, '\\&$1');
}

// ---- text

/** A hand-written page with its generated blocks replaced. */
function withBlocks(path, blocks) {
  const text = read(path);
  const found = new Set();
  const replaced = text.replace(
    /(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin, name, end) => {
      if (blocks[name] === undefined) throw new Error(`${path}: nothing makes the block ${name}`);
      found.add(name);
      return `${begin}\n${blocks[name]}\n\n${end}`;
    },
  );
  const missing = Object.keys(blocks).find((name) => !found.has(name));
  if (missing) throw new Error(`${path}: the block ${missing} is missing`);
  return replaced;
}

function page(paragraphs) {
  return `${paragraphs.join('\n\n')}\n`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`.replaceAll('|  |', '| |');
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text in a cell: no column ends in it, and outside of code nothing reads as HTML. */
function cell(text = '') {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}

function quoted(text) {
  return text === undefined || text === '' ? '' : `\`${text}\``;
}

function fence(text) {
  return `\`\`\`\n${text}\n\`\`\``;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function read(path) {
  return readFileSync(join(top, path), 'utf8');
}

function pagesBelow(directory) {
  if (!existsSync(join(top, directory))) return [];
  return readdirSync(join(top, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${directory}/${name}`);
}

function readOr(path) {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
