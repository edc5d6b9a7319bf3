/** Names of weekdays and months, and the words for ranks. */
export const weekdayNames = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

export const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** The 1-based number of a full or three-letter name in any case, or undefined. */
export function numberOfName(names: readonly string[], text: string): number | undefined {
  const wanted = text.toLowerCase();
  const index = names.findIndex((name) => name === wanted || name.slice(0, 3) === wanted);
  return index < 0 ? undefined : index + 1;
}

export function weekdayName(weekday: number): string {
  return weekdayNames[weekday - 1] ?? String(weekday);
}

export function monthName(month: number): string {
  return monthNames[month - 1] ?? String(month);
}

const ranks: Readonly<Record<string, number>> = {
  first: 1,
  '1st': 1,
  second: 2,
  '2nd': 2,
  third: 3,
  '3rd': 3,
  fourth: 4,
  '4th': 4,
  fifth: 5,
  '5th': 5,
  last: -1,
};

/** 1 to 5, -1 for `last`, undefined for anything else. */
export function rankOf(text: string): number | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(ranks, word) ? ranks[word] : undefined;
}
