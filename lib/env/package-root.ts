import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

declare const NODEMGR_BUNDLED: boolean | undefined;

/** Directory of the installed package: the parent of `dist/` in a build, of `lib/` in the sources. */
export const packageRoot: string =
  typeof NODEMGR_BUNDLED === 'undefined'
    ? join(dirname(fileURLToPath(import.meta.url)), '..', '..')
    : join(__dirname, '..'); // the bundle is CommonJS: parsing a URL costs more than all of this
