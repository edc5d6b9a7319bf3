/**
 * The selector against a naive reading of its specification (spec service 2.3), over generated
 * services and expressions. The reading below knows its keywords by heart and shares nothing with
 * lib/: neither the parser nor globs, references, scopes or conversions.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { installedServices } from '../../lib/service/installed.js';
import { configReader } from '../../lib/service/select/configured.js';
import { selectServices } from '../../lib/service/select/select.js';
import { createRoot } from '../support/root.js';

const here = 'n1';
const groups = ['ip', 'disk', 'fs', 'app', 'task', 'sync'];

/** Key, text; the key with its scope. */
type Line = readonly [key: string, text: string];

interface Section {
  readonly name: string;
  readonly lines: readonly Line[];
}

interface Model {
  readonly namespace: string;
  readonly name: string;
  readonly sections: readonly Section[];
}

const pathOf = ({ namespace, name }: Model): string =>
  namespace === 'root' ? name : `${namespace}/svc/${name}`;

// --- generated services

const words = fc.constantFrom('red', 'blue', 'n1', 'n2', 'RED');
const headLines: fc.Arbitrary<Line>[] = [
  line('comment', fc.constantFrom('red', 'blue red', '5', '07', '1.50', 'a.b', '-')),
  line('priority', fc.constantFrom('5', '50', '1k', 'x')),
  line('nodes', fc.constantFrom('n1', 'n1 n2', 'N1 n2')),
  line('monitor_schedule', fc.constantFrom('@5', '@60')),
  line('restart', fc.constantFrom('0', '3')),
  line('restart@n1', fc.constantFrom('7')),
  line('restart@n2', fc.constantFrom('9')),
  line('tags', fc.constantFrom('red', 'blue red')),
  line('stat_timeout', fc.constantFrom('60', '1m', '2m')),
  line('disable', fc.constantFrom('true', 'No')),
];
const resourceLines: fc.Arbitrary<Line>[] = [
  line('monitor', fc.constantFrom('true', 'TRUE', 'yes', '0', 'perhaps')),
  line('restart', fc.constantFrom('1', '2')),
  line('restart@nodes', fc.constantFrom('4')),
  line(
    'tags',
    fc.array(words, { minLength: 1, maxLength: 3 }).map((list) => list.join(' ')),
  ),
  line('comment', fc.constantFrom('red', '{env.port}', '5')),
  line('restart_delay', fc.constantFrom('60', '1m', '90s', 'soon')),
];

function line(key: string, text: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  return text.map((value) => [key, value]);
}

/** Some of the lines, each key once. */
function linesOf(all: readonly fc.Arbitrary<Line>[]): fc.Arbitrary<Line[]> {
  return fc.subarray([...all], { maxLength: 5 }).chain((some) => fc.tuple(...some));
}

const resource: fc.Arbitrary<Section> = fc
  .tuple(fc.constantFrom(...groups), fc.constantFrom('1', '2', 'a.b'), linesOf(resourceLines))
  .map(([group, id, lines]) => ({
    name: `${group}#${id}`,
    lines: [...(group === 'fs' ? [['type', 'flag'] as const] : []), ...lines],
  }));

const model: fc.Arbitrary<Model> = fc
  .record({
    namespace: fc.constantFrom('root', 'root', 'ns1', 'ns2'),
    name: fc.constantFrom('web', 'db', 'web2', 'comment', 'a.b'),
    head: fc.option(linesOf(headLines), { nil: undefined }),
    port: fc.option(fc.constantFrom('80', '5', 'red'), { nil: undefined }),
    resources: fc.uniqueArray(resource, { maxLength: 4, selector: ({ name }) => name }),
  })
  .map(({ namespace, name, head, port, resources }) => ({
    namespace,
    name,
    sections: [
      ...(head ? [{ name: 'DEFAULT', lines: head }] : []),
      ...(port ? [{ name: 'env', lines: [['port', port] as const] }] : []),
      ...resources,
    ],
  }));

// --- generated expressions

const keys = ['comment', 'priority', 'nodes', 'monitor_schedule', 'restart', 'tags'];
const moreKeys = [...keys, 'stat_timeout', 'disable', 'monitor', 'restart_delay', 'nothing'];
const owner = fc.oneof(
  fc.constantFrom(...groups, ''),
  fc.tuple(fc.constantFrom(...groups), fc.constantFrom('1', 'a.b')).map(([g, id]) => `${g}#${id}`),
);
const key = fc.constantFrom(...moreKeys);
const param = fc.oneof(
  key,
  fc.tuple(owner, key).map(([section, name]) => `${section}.${name}`),
  fc.constantFrom('env.port', 'restart@n1', 'restart@n2', 'DEFAULT.comment'),
);
const operand = fc.constantFrom(
  ...['red', 'RED', 'blue red', 'true', 'TRUE', 'false', '5', '60', '1m', '1024', '1k', '3'],
  ...['n1', 'n1 n2', '', 'e', '^b', 'd$', '[0-9]', '.', '{env.port}', '90', 'x'],
);
const match = fc
  .tuple(param, fc.constantFrom('<', '>', '<=', '>=', '=', '~', '~=', ':'), operand)
  .map((parts) => parts.join(''));
const booleanMatch = fc
  .tuple(fc.constantFrom('.monitor', 'app.monitor', 'disable'), fc.constantFrom('=', '~'), operand)
  .map((parts) => parts.join(''));
const word = fc.constantFrom(
  ...['web', 'db', 'a.b', 'comment', 'nope', 'svc/web', 'ns1/svc/web', 'root/svc/db', '**', '*'],
  ...['w*', '?b', '[a-d]*', '[!w]*', '*.b', 'svc/*', 'ns1/**', '**/web', 'ns1/svc/', '*/svc/db'],
  ...['ns2/svc/w*', '*2', 'app.', 'priority', 'tags', 'nothing'],
);
const fragment = fc
  .tuple(
    fc.boolean(),
    fc.oneof(
      match,
      match,
      booleanMatch,
      word,
      param,
      fc.constantFrom(...groups.map((group) => `${group}:`)),
    ),
  )
  .map(([negated, body]) => `${negated ? '!' : ''}${body}`);
const chain = fc.array(fragment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('+'));
const expression = fc.array(chain, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));

// --- the naive reading

/** A shell glob as a regular expression. */
function glob(pattern: string, text: string): boolean {
  const source = pattern.replace(/\[!?[^\]]+\]|[^\w]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace('!', '^');
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`).test(text);
}

const kinds: Readonly<Record<string, string>> = {
  ...{ priority: 'integer', nodes: 'lower list', restart: 'integer', tags: 'list' },
  ...{ stat_timeout: 'seconds', restart_delay: 'seconds', disable: 'boolean', monitor: 'boolean' },
};
const inherited = ['restart', 'tags', 'monitor', 'restart_delay', 'stat_timeout'];
/** What DEFAULT alone holds means nothing to resources that do not know it. */
const ofDefault = ['priority', 'nodes', 'monitor_schedule', 'stat_timeout'];

interface Value {
  readonly raw: string;
  readonly evaluated: string;
  readonly converted: string | readonly string[] | number | boolean;
}

function raw(service: Model, section: string, name: string): string | undefined {
  const own = service.sections.find((one) => one.name === section)?.lines;
  if (!own) return undefined;
  const text = (wanted: string, lines = own): string | undefined =>
    lines.find(([written]) => written === wanted)?.[1];
  if (name.includes('@')) return text(name);
  const head = service.sections.find((one) => one.name === 'DEFAULT')?.lines ?? [];
  const listed = (text('nodes', head) ?? here).toLowerCase().split(' ');
  const scopes =
    name === 'restart' ? ['@n1', ...(listed.includes(here) ? ['@nodes'] : []), ''] : [''];
  const isResource = section.includes('#');
  const places =
    isResource && inherited.includes(name) && !ofDefault.includes(name) ? [own, head] : [own];
  for (const lines of places) {
    for (const scope of scopes) {
      const found = text(`${name}${scope}`, lines);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function value(service: Model, section: string, name: string): Value | undefined {
  const text = raw(service, section, name);
  if (text === undefined) return undefined;
  const port = service.sections.find((one) => one.name === 'env')?.lines[0]?.[1];
  const evaluated = text === '{env.port}' && port !== undefined ? port : text;
  const plain = { raw: text, evaluated, converted: evaluated };
  const free = section === 'env';
  switch (free ? undefined : kinds[name.replace(/@.*/, '')]) {
    case 'integer':
      if (evaluated === '1k') return { ...plain, converted: 1024 };
      return /^\d+$/.test(evaluated) ? { ...plain, converted: Number(evaluated) } : plain;
    case 'list':
      return { ...plain, converted: evaluated.split(' ') };
    case 'lower list':
      return { ...plain, converted: evaluated.toLowerCase().split(' ') };
    case 'seconds': {
      const [, count, unit = 's'] = /^(\d+)([sm])?$/.exec(evaluated) ?? [];
      if (count === undefined) return plain;
      return { ...plain, converted: Number(count) * (unit === 'm' ? 60 : 1) };
    }
    case 'boolean':
      if (['true', 'yes'].includes(evaluated.toLowerCase())) return { ...plain, converted: true };
      if (['0', 'no'].includes(evaluated.toLowerCase())) return { ...plain, converted: false };
      return plain;
    default:
      return plain;
  }
}

function compare({ raw, evaluated, converted }: Value, operator: string, right: string): boolean {
  const text = Array.isArray(converted) ? converted.join(' ') : String(converted);
  if (operator === ':') return true;
  if (operator === '=') {
    const forms = [raw, evaluated, text];
    if (typeof converted !== 'boolean') return forms.includes(right);
    return forms.some((form) => form.toLowerCase() === right.toLowerCase());
  }
  if (operator === '~' || operator === '~=') {
    const found = (form: string): boolean => new RegExp(right).test(form);
    if (!Array.isArray(converted)) return found(evaluated) || found(text);
    return operator === '~=' ? converted.includes(right) : converted.some(found);
  }
  const number = (form: string): number => (form.trim() === '' ? Number.NaN : Number(form));
  const left = Number.isNaN(number(text)) ? number(evaluated) : number(text);
  const against = number(right);
  if (operator === '<') return left < against;
  if (operator === '>') return left > against;
  return operator === '<=' ? left <= against : left >= against;
}

function matches(service: Model, left: string, operator: string, right: string): boolean {
  const dot = left.lastIndexOf('.');
  const section = dot === -1 ? 'DEFAULT' : left.slice(0, dot);
  const name = left.slice(dot + 1);
  const exact = value(service, section, name);
  if (exact) return compare(exact, operator, right);
  const resources = service.sections.map((one) => one.name).filter((one) => one.includes('#'));
  if (dot === -1) {
    return operator === ':' && resources.some((rid) => rid.startsWith(`${left}#`));
  }
  return resources.some((rid) => {
    if (section !== '' && !rid.startsWith(`${section}#`)) return false;
    const found = value(service, rid, name);
    return found !== undefined && compare(found, operator, right);
  });
}

/** Whether a fragment holds; undefined when it makes its chain empty. */
function holds(
  service: Model,
  services: readonly Model[],
  text: string,
  namespace: string | undefined,
): boolean | undefined {
  const negated = text.startsWith('!');
  const body = negated ? text.slice(1) : text;
  const slashes = body.split('/').length - 1;
  const space = namespace ?? 'root';
  const full = slashes === 0 ? `${space}/svc/${body}` : slashes === 1 ? `${space}/${body}` : body;
  const fullOf = (one: Model): string => `${one.namespace}/svc/${one.name}`;
  const inside = namespace === undefined || service.namespace === namespace;

  if (services.some((one) => fullOf(one) === full)) {
    return negated ? inside && fullOf(service) !== full : fullOf(service) === full;
  }
  const operator = /<=|>=|~=|[<>=~:]/.exec(body)?.[0];
  if (operator !== undefined) {
    const at = body.indexOf(operator);
    const right = body.slice(at + operator.length);
    if (/[<>]/.test(operator) && (right.trim() === '' || Number.isNaN(Number(right)))) {
      return undefined;
    }
    return inside && matches(service, body.slice(0, at), operator, right) !== negated;
  }
  if (/[*?[]/.test(body) || /^\w+\/\w+\/$/.test(body)) {
    const patterns: Record<string, string> = { '**': '*/*/*', '**/web': '*/*/web' };
    const pattern =
      patterns[body] ??
      (slashes === 0
        ? `*/svc/${body}`
        : body.replace(/^(\w+)\/\*\*$/, '$1/*/*').replace(/\/$/, '/*'));
    const three = slashes === 1 && pattern === body ? `${space}/${body}` : pattern;
    const named = !negated && /^\w+\/(\*\*|svc\/)/.test(body);
    return (inside || named) && glob(three, fullOf(service)) !== negated;
  }
  const isKeyword =
    (/^\w+(@\w+)?$/.test(body) && [...keys, ...moreKeys].includes(body.replace(/@.*/, ''))) ||
    /^(\w+#[\w.]+|ip|disk|fs|app|task|sync|)\.[a-z]\w*$/.test(body);
  if (isKeyword && body !== 'nothing') {
    return inside && matches(service, body, ':', '') !== negated;
  }
  return undefined;
}

function naive(services: readonly Model[], text: string, namespace: string | undefined): string[] {
  return services
    .filter((service) =>
      text
        .split(',')
        .some((one) =>
          one.split('+').every((part) => holds(service, services, part, namespace) === true),
        ),
    )
    .map(pathOf)
    .sort();
}

function write({ sections }: Model): string {
  return sections
    .map(({ name, lines }) => [`[${name}]`, ...lines.map(([k, v]) => `${k} = ${v}`)].join('\n'))
    .join('\n');
}

test('the selector selects what a naive reading of the specification selects', async () => {
  let selections = 0;
  let chosen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(model, { minLength: 1, maxLength: 6, selector: pathOf }),
      fc.array(expression, { minLength: 30, maxLength: 30 }),
      fc.constantFrom(undefined, undefined, 'ns1'),
      async (services, expressions, namespace) => {
        const root = createRoot(
          Object.fromEntries(
            services.map((one) => [
              `${one.namespace === 'root' ? '' : `namespaces/${one.namespace}/svc/`}${one.name}.conf`,
              write(one),
            ]),
          ),
        );
        const installed = installedServices(root.paths);
        for (const text of expressions) {
          const { services: found } = await selectServices(installed, text, {
            namespace,
            configReader: async () => configReader({ paths: root.paths, nodename: here, env: {} }),
          });
          const wanted = naive(services, text, namespace);
          expect([text, found.map(({ scope }) => scope).sort()]).toEqual([text, wanted]);
          selections++;
          if (wanted.length > 0 && wanted.length < services.length) chosen++;
        }
      },
    ),
    { numRuns: 150 },
  );
  // A property that only ever sees all or nothing would prove little.
  expect(chosen / selections).toBeGreaterThan(0.15);
}, 60_000);
