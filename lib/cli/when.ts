/** Instants as people read them: local time of this process. */

/** `YYYY-MM-DD HH:MM:SS`, undefined for no instant. */
export function localSecond(utcMs: number | null | undefined): string | undefined {
  if (utcMs === null || utcMs === undefined) return undefined;
  const date = new Date(utcMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

/** `YYYY-MM-DD HH:MM`, undefined for no instant. */
export function localMinute(utcMs: number | null | undefined): string | undefined {
  return localSecond(utcMs)?.slice(0, 16);
}

/** RFC 3339 in UTC with milliseconds, null for no instant. */
export function isoInstant(utcMs: number | null | undefined): string | null {
  return utcMs === null || utcMs === undefined ? null : new Date(utcMs).toISOString();
}
