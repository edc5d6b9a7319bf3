/** The offset of local time from UTC at an instant, `+02:00`. */
export function utcOffset(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const two = (n: number) => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
