/** Lines of log files as a person reads them (spec service 5.6). */
import { pad, widthOf } from '../render/cell.js';
import { paint, type Role, type Style } from '../render/style.js';

const record = /^(\S+) (\S+) - (\S+) - (DEBUG|INFO|WARNING|ERROR) - (.*)$/s;

const roles: Readonly<Record<string, Role>> = { DEBUG: 'dim', WARNING: 'warn', ERROR: 'bad' };
const levelWidth = 'WARNING'.length;
/** Longer names push their line, not all others. */
const widestName = 40;

/**
 * Makes `HH:MM:SS,mmm <name> <level> <message>` of each line: the date is dropped, the name padded to
 * the longest one so far. A line that is no record stays as it is.
 *
 * @param onDay told of the day of the next line whenever it is another one
 */
export function lineFormat(
  style: Style,
  onDay?: (day: string) => string,
): (lines: readonly string[]) => string {
  let width = 0;
  let day = '';
  return (lines) => {
    const records = lines.map((line) => record.exec(line));
    for (const [, , , name = ''] of records.filter((found) => found !== null)) {
      width = Math.min(widestName, Math.max(width, widthOf(name)));
    }
    return lines
      .map((line, at) => {
        const [, date = '', time = '', name = '', level = '', message = ''] = records[at] ?? [];
        if (date === '') return `${line}\n`;
        const head = date !== day && onDay ? onDay(date) : '';
        day = date;
        const shownLevel = paint(style, roles[level], pad(level, levelWidth));
        const shownName = paint(style, 'bold', pad(name, width));
        return `${head}${`${time} ${shownName} ${shownLevel} ${message}`.trimEnd()}\n`;
      })
      .join('');
  };
}
