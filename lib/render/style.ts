/**
 * What a piece of text means. Callers name roles, never colours: `ok` and `bad` judge, `warn` wants
 * attention, `info` is neutral.
 */
export type Role = 'ok' | 'bad' | 'warn' | 'info' | 'bold' | 'dim';

export type Style = Readonly<Record<Role, (text: string) => string>>;

const same = (text: string): string => text;

/** The style of output that is not coloured. */
export const plainStyle: Style = {
  ok: same,
  bad: same,
  warn: same,
  info: same,
  bold: same,
  dim: same,
};

/** Applies a role, if there is one. */
export function paint(style: Style, role: Role | undefined, text: string): string {
  return role === undefined || text === '' ? text : style[role](text);
}
