/** The pages: generated ones are current, links lead somewhere, command lines are real. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Command, CommandEntry } from '../../lib/cli/command.js';
import { findCommand } from '../../lib/cli/find-command.js';
import { nodemgrCommands } from '../../lib/cli/nodemgr/program.js';
import { optionsOf, parseQuickly } from '../../lib/cli/parse.js';
import { svcmgrCommands } from '../../lib/cli/svcmgr/program.js';
import { normaliseSelector } from '../../lib/cli/svcmgr/selector-words.js';
import { splitShellWords } from '../../lib/config/shlex.js';

const top = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  'README.md',
  ...readdirSync(join(top, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .sort(),
];
const textOf = new Map<string, string>();

beforeAll(() => {
  for (const page of pages) textOf.set(page, readFileSync(join(top, page), 'utf8'));
});

function read(page: string): string {
  return textOf.get(page) ?? readFileSync(join(top, page), 'utf8');
}

test('the generated pages and manuals are current', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/docs.mjs', '--check'], {
    cwd: top,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test.each(pages)('%s: every relative link resolves', (page) => {
  const text = read(page).replace(/^```[\s\S]*?^```/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const dead = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', fragment] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(top, target))) return true;
    return fragment !== undefined && !anchorsOf(read(target)).has(fragment);
  });
  expect(dead).toEqual([]);
});

/** The anchors of headings, as the usual hosting sites make them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const programs: Readonly<Record<string, readonly CommandEntry[]>> = {
  nodemgr: nodemgrCommands,
  svcmgr: svcmgrCommands,
};

/** Lines of code blocks that start one of our programs: with a prompt, or as the whole line. */
function commandLines(page: string): string[] {
  const blocks = [...read(page).matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((match) => match[1]);
  return blocks
    .flatMap((block) => (block ?? '').replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/^[#$] /, '').replace(/ {2,}#.*/, ''))
    .map((line) => line.split(/ (?:\||>|<|2>|&&) ?/, 1)[0] ?? '')
    .filter((line) => /^(nodemgr|svcmgr) [\w-]/.test(line) && !/[…]/.test(line));
}

const handWritten = pages.filter((page) => !page.startsWith(join('docs', 'commands')));

test.each(handWritten.flatMap((page) => commandLines(page).map((line) => [page, line])))(
  '%s: `%s` is a command line of ours',
  async (_page, line) => {
    const [program = '', ...argv] = splitShellWords(line ?? '');
    if (argv[0]?.startsWith('--') || argv[0] === 'completion') return;
    const commands = programs[program] ?? [];
    const words = program === 'svcmgr' ? normaliseSelector(argv, commands) : argv;
    const found = findCommand(commands, words);
    expect(found?.entry.words, 'names a command').toBeDefined();
    if (!found) return;
    const command = (await found.entry.load()).default as Command;
    const rest = found.rest.filter((word) => word !== '--help');
    const known = Object.keys(optionsOf(command)).join(', ');
    expect(await parseQuickly(rest, command), `its options and operands (${known})`).toBeDefined();
  },
);

test('the tutorial shows command lines', () => {
  expect(commandLines(join('docs', 'tutorial.md')).length).toBeGreaterThan(10);
});

test('the manuals have no warnings', ({ skip }) => {
  if (spawnSync('man', ['--version']).status !== 0) skip('man is not installed');
  for (const program of Object.keys(programs)) {
    const page = join(top, 'docs', 'man', `${program}.1`);
    const { stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', page], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80' },
    });
    expect(stderr, program).toBe('');
  }
});

test('the pictures are well-formed and adapt to a dark background', () => {
  const directory = join('docs', 'images');
  const pictures = readdirSync(join(top, directory)).filter((name) => name.endsWith('.svg'));
  expect(pictures).toContain('tick.svg');
  for (const name of pictures) {
    const text = read(join(directory, name));
    expect(text, name).toContain('prefers-color-scheme: dark');
    expect(text, name).toMatch(/<title[ >]/);
    expect(unbalancedTag(text), name).toBeUndefined();
  }
});

/** The first tag of an XML text that is not closed where it should be. */
function unbalancedTag(text: string): string | undefined {
  const open: string[] = [];
  for (const [, slash, name = '', rest = ''] of text
    .replace(/<!--[\s\S]*?-->/g, '')
    .matchAll(/<(\/?)([\w:-]+)((?:"[^"]*"|[^"<>])*)>/g)) {
    if (slash && open.pop() !== name) return name;
    if (!slash && !rest.endsWith('/')) open.push(name);
  }
  return open.at(-1);
}

test('the design names every room', () => {
  const rooms = readdirSync(join(top, 'lib'));
  const design = read(join('docs', 'design.md'));
  const rows = design.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  const missing = rooms.filter((room) => !rows.some((row) => row.includes(`\`${room}\``)));
  expect(missing).toEqual([]);
});

test('each dependency has a line with its licence', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const page = read(join('docs', 'dependencies.md'));
  const listed = new Map(
    [...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map((match) => [match[1], match[2]]),
  );
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const installed = names.map((name) => {
    const manifest = JSON.parse(read(join('node_modules', name, 'package.json'))) as {
      license: string;
    };
    return [name, manifest.license];
  });
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(installed));
});
