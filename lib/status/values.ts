/** Status values of resources and services (spec service 4), and how they merge. Pure. */

/** What a driver, a resource and an aggregate can be. */
export const statusValues = [
  'up',
  'down',
  'warn',
  'n/a',
  'undef',
  'stdby up',
  'stdby down',
] as const;
export type Status = (typeof statusValues)[number];

/** What a driver can say: being a standby is not its business. */
export type DriverStatus = Exclude<Status, 'stdby up' | 'stdby down'>;

/**
 * While aggregates are built, two more: up mixed with standby up, and down mixed with standby up.
 * `settle` turns them into what is shown.
 */
export type MixedStatus = Status | 'up+stdby' | 'down+stdby';

/** Exit codes of `svcmgr status` (spec service 5.6). */
export const statusCodes: Readonly<Record<Status, number>> = {
  up: 0,
  down: 1,
  warn: 2,
  'n/a': 3,
  undef: 5,
  'stdby up': 6,
  'stdby down': 7,
};

/** Spellings that people may use for a status, `na` among them. */
export function parseStatus(word: string): Status | undefined {
  const plain = word.trim().toLowerCase();
  return plain === 'na' ? 'n/a' : statusValues.find((value) => value === plain);
}

/** What a standby resource shows in place of up and down. */
export function asStandby(status: DriverStatus): Status {
  return status === 'up' ? 'stdby up' : status === 'down' ? 'stdby down' : status;
}

const order = ['up', 'down', 'warn', 'n/a', 'stdby up', 'stdby down', 'up+stdby', 'down+stdby'];

/** Row and column as in `order`: U up, D down, W warn, N n/a, u and d standby, M and m mixed. */
const table = [
  'UWWUMWMW',
  'WDWDmdWm',
  'WWWWWWWW',
  'UDWNudMm',
  'MmWuuWMm',
  'WdWdWdWW',
  'MWWMMWMW',
  'WmWmmWWm',
];

const letters: Readonly<Record<string, MixedStatus>> = {
  U: 'up',
  D: 'down',
  W: 'warn',
  N: 'n/a',
  u: 'stdby up',
  d: 'stdby down',
  M: 'up+stdby',
  m: 'down+stdby',
};

/** The status of two things together. Commutative; `undef` adds nothing. */
export function merge(a: MixedStatus, b: MixedStatus): MixedStatus {
  if (a === 'undef') return b;
  if (b === 'undef') return a;
  const letter = table[order.indexOf(a)]?.[order.indexOf(b)] ?? '';
  return letters[letter] ?? 'undef';
}

/** What a mixed status is shown as. */
export function settle(status: MixedStatus): Status {
  if (status === 'up+stdby') return 'up';
  if (status === 'down+stdby') return 'stdby up';
  return status;
}

/** Whether something in this state does its work. */
export function isUp(status: Status): boolean {
  return status === 'up' || status === 'stdby up';
}
