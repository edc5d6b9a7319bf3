export interface KeywordPath {
  readonly section: string;
  /** With its `@scope`. */
  readonly key: string;
}

/**
 * Splits `fs#1.dev@n1.acme.com` into section and keyword. Without a dot the section is `DEFAULT`.
 * Section names may hold dots: the first dot that ends the name of a known section counts, else
 * the first one.
 */
export function splitKeywordPath(
  path: string,
  isSection: (name: string) => boolean = () => false,
): KeywordPath {
  const scope = path.indexOf('@');
  const limit = scope === -1 ? path.length : scope;
  const first = path.indexOf('.');
  if (first === -1 || first >= limit) return { section: 'DEFAULT', key: path };
  for (let dot = first; dot !== -1 && dot < limit; dot = path.indexOf('.', dot + 1)) {
    const section = path.slice(0, dot);
    if (isSection(section)) return { section, key: path.slice(dot + 1) };
  }
  return { section: path.slice(0, first), key: path.slice(first + 1) };
}

/** The keyword of `dev@n1` without its scope. */
export function baseKey(key: string): string {
  const at = key.indexOf('@');
  return (at === -1 ? key : key.slice(0, at)).toLowerCase();
}

/** The scope of `dev@n1`, in lower case, or undefined. */
export function scopeOfKey(key: string): string | undefined {
  const at = key.indexOf('@');
  return at === -1 ? undefined : key.slice(at + 1).toLowerCase();
}
