import { fileURLToPath } from 'node:url';

declare const NODEMGR_BUNDLED: boolean | undefined;

/** From this file, or from the bundle in `dist/`, to the top of the package. */
const toTop = typeof NODEMGR_BUNDLED === 'undefined' ? '../..' : '..';

/** Directory of the installed package: the parent of `dist/` in a build, of `lib/` in the sources. */
export const packageRoot: string = fileURLToPath(new URL(toTop, import.meta.url)).replace(
  /\/$/,
  '',
);
