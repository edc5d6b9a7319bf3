/** Dates of the Gregorian calendar as day numbers (days since 1970-01-01). */
export const DAY_MS = 86_400_000;

export interface CalendarDate {
  readonly day: number;
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly date: number;
  /** ISO: 1 is monday, 7 is sunday. */
  readonly weekday: number;
  readonly daysInMonth: number;
}

const DAYS_PER_ERA = 146_097; // 400 years
const EPOCH_FROM_MARCH_0000 = 719_468;

/** The date of a day number. Years are counted from march, so that the leap day comes last. */
export function calendarDate(day: number): CalendarDate {
  const since = day + EPOCH_FROM_MARCH_0000;
  const era = Math.floor(since / DAYS_PER_ERA);
  const dayOfEra = since - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) + Math.floor(yearOfEra / 100);
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
  return {
    day,
    year,
    month,
    date: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    weekday: weekdayOf(day),
    daysInMonth: daysInMonth(year, month),
  };
}

/** The day number of a date; month and date are taken as they are, 1-based. */
export function dayNumber(year: number, month: number, date: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const monthFromMarch = month <= 2 ? month + 9 : month - 3;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + date - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * DAYS_PER_ERA + yearOfEra * 365 + leapDays + dayOfYear - EPOCH_FROM_MARCH_0000;
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function daysUntilNextMonth({ date, daysInMonth }: CalendarDate): number {
  return daysInMonth - date + 1;
}

/** ISO-8601 week number: the week belongs to the year of its thursday. */
export function isoWeek({ day, weekday }: CalendarDate): number {
  const thursday = day - weekday + 4;
  const { year } = calendarDate(thursday);
  return Math.floor((thursday - dayNumber(year, 1, 1)) / 7) + 1;
}

/** `YYYY-MM-DD` of a day number. */
export function formatDate(day: number): string {
  const { year, month, date } = calendarDate(day);
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(date)}`;
}

export function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1; // 1970-01-01 was a thursday
}
