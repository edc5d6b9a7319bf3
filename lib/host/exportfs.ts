/** One directory exported to one client (exportfs(8)). */
export interface Export {
  readonly path: string;
  /** A name, an address, a network, a netgroup, or `*`. */
  readonly client: string;
  readonly options: readonly string[];
}

/**
 * Output of `exportfs -v`. A long path stands on a line of its own, and its client below it.
 */
export function parseExportfs(text: string): Export[] {
  return text
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .flatMap((line): Export[] => {
      const match = /^(\/.*?)\s+(\S+)\(([^()]*)\)\s*$/.exec(line);
      if (!match) return [];
      const [, path = '', client = '', options = ''] = match;
      return [{ path, client: plainClient(client), options: options.split(',').filter(Boolean) }];
    });
}

function plainClient(client: string): string {
  return client === '<world>' ? '*' : client.replace(/^\[(.*)\]$/, '$1');
}

/** What exportfs(8) wants for a client and a path; an IPv6 address stands in brackets. */
export function exportArgument(client: string, path: string): string {
  return client.includes(':') ? `[${client}]:${path}` : `${client}:${path}`;
}

/**
 * Options that `exportfs -v` does not print because they are in effect unless another one says
 * otherwise (exports(5)).
 */
const silentDefaults: ReadonlyMap<string, RegExp> = new Map([
  ['secure', /^insecure$/],
  ['secure_locks', /^(insecure_locks|no_auth_nlm)$/],
  ['auth_nlm', /^(insecure_locks|no_auth_nlm)$/],
  ['acl', /^no_acl$/],
  ['hide', /^nohide$/],
  ['nocrossmnt', /^crossmnt$/],
  ['no_pnfs', /^pnfs$/],
  ['subtree_check', /^no_subtree_check$/],
  ['anonuid=65534', /^anonuid=/],
  ['anongid=65534', /^anongid=/],
]);

/** Those of the wanted options that are not in effect. */
export function missingOptions(wanted: readonly string[], { options }: Export): string[] {
  return wanted.filter((option) => {
    if (options.includes(option)) return false;
    const against = silentDefaults.get(option);
    return against === undefined || options.some((other) => against.test(other));
  });
}
