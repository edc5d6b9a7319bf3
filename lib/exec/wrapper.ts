import type { Environment } from './environment.js';

/** What happens to a program between its start and its exec(2), in a few lines of sh. */
export interface WrapOptions {
  /** A word that starts the lines by which the wrapper reports its own failures on stderr. */
  token: string;
  joinFiles: readonly string[];
  umask?: number | undefined;
  /** Default: the directory the wrapper is started in. */
  cwd?: string | undefined;
  /** Put before argv, for another user. */
  prefix?: readonly string[];
}

/** What the wrapper could not do. `cgroup` is a remark, the others end the run. */
export type WrapReport = 'cgroup' | 'cwd' | 'missing' | 'forbidden';

/**
 * Builds the argv that joins the cgroups, sets umask and directory and becomes the program. The
 * program is inside its cgroup before its first instruction, and a directory or file on a dead mount
 * blocks this child, not us. Data travel as positional parameters: no word of them is shell text,
 * and no variable is set that the program would see.
 */
export function wrap(argv: readonly string[], options: WrapOptions): string[] {
  const { token, prefix = [] } = options;
  const values: string[] = [token];
  const pass = (value: string) => `"\${${values.push(value)}}"`;
  const before = preparation(options, pass, '"$1"');
  const program = `"\${${values.length + prefix.length + 1}}"`;
  const script = [...before, ...presence(program, '"$1"'), `shift ${values.length}`, 'exec "$@"'];
  return ['/bin/sh', '-c', script.join('\n'), 'nodemgr', ...values, ...prefix, ...argv];
}

/**
 * The same for a shell that runs one program after the other: a subshell becomes the program. Here
 * every word of data is a quoted literal.
 */
export function wrapInSubshell(
  argv: readonly string[],
  options: WrapOptions,
  environment: Environment,
): string {
  const quote = (word: string) =>
    word.includes("'") ? `'${word.replaceAll("'", "'\\''")}'` : `'${word}'`;
  const token = quote(options.token);
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && /^[A-Za-z_]\w*$/.test(name) ? [`${name}=${quote(value)}`] : [],
  );
  const words = [...(options.prefix ?? []), ...argv].map(quote).join(' ');
  return [
    ...(variables.length > 0 ? [`export ${variables.join(' ')}`] : []),
    ...preparation(options, quote, token),
    ...presence(quote(argv[0] ?? ''), token),
    `exec ${words}`,
  ].join('\n');
}

function preparation(
  { joinFiles, umask, cwd }: WrapOptions,
  pass: (value: string) => string,
  token: string,
): string[] {
  const script = joinFiles.map(
    (file) => `{ echo 0 >${pass(file)}; } 2>/dev/null || ${report(token, 'cgroup')}`,
  );
  if (umask !== undefined) script.push(`umask ${pass(umask.toString(8))}`);
  if (cwd !== undefined) {
    script.push(
      `cd -- ${pass(cwd)} 2>/dev/null || { ${report(token, 'cwd')}; exit 126; }`,
      'unset OLDPWD',
    );
  }
  return script;
}

function presence(program: string, token: string): string[] {
  return [
    `case ${program} in`,
    `*/*) [ -e ${program} ] || { ${report(token, 'missing')}; exit 127; }`,
    `[ -f ${program} ] && [ -x ${program} ] || { ${report(token, 'forbidden')}; exit 126; };;`,
    `*) command -v ${program} >/dev/null 2>&1 || { ${report(token, 'missing')}; exit 127; };;`,
    'esac',
  ];
}

function report(token: string, what: WrapReport): string {
  return `echo ${token}${what} >&2`;
}

/** Takes the wrapper's reports off the start of stderr and passes everything else on. */
export class WrapReports {
  readonly reports = new Set<WrapReport>();
  private readonly token: Buffer;
  private readonly pass: (chunk: Buffer) => void;
  private held: Buffer | undefined = Buffer.alloc(0);

  constructor(token: string, pass: (chunk: Buffer) => void) {
    this.token = Buffer.from(token);
    this.pass = pass;
  }

  push(chunk: Buffer): void {
    if (!this.held) {
      this.pass(chunk);
      return;
    }
    this.held = Buffer.concat([this.held, chunk]);
    for (;;) {
      const common = Math.min(this.held.length, this.token.length);
      if (!this.held.subarray(0, common).equals(this.token.subarray(0, common))) break;
      const end = this.held.indexOf(0x0a);
      if (end < 0) return; // not known yet
      this.reports.add(this.held.toString('latin1', this.token.length, end) as WrapReport);
      this.held = this.held.subarray(end + 1);
    }
    this.end();
  }

  end(): void {
    const rest = this.held;
    this.held = undefined;
    if (rest?.length) this.pass(rest);
  }
}
