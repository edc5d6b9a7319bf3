import { plainStyle, type Style } from './style.js';

export const colourModes = ['auto', 'always', 'yes', 'never', 'no'] as const;

export type ColourMode = (typeof colourModes)[number];

export interface Terminal {
  readonly isTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether output is coloured: as asked, and with `auto` on a terminal that is not dumb, unless
 * `NO_COLOR` is set (no-color.org).
 */
export function isColoured(mode: ColourMode, { isTty, env }: Terminal): boolean {
  if (mode === 'always' || mode === 'yes') return true;
  if (mode === 'never' || mode === 'no') return false;
  return isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
}

/** The style for a stream. The colour library is loaded only when it is needed. */
export async function loadStyle(mode: ColourMode, terminal: Terminal): Promise<Style> {
  if (!isColoured(mode, terminal)) return plainStyle;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    ok: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    warn: (text) => chalk.yellow(text),
    info: (text) => chalk.blueBright(text),
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
  };
}
