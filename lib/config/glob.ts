/**
 * Whether a shell glob (`*`, `?`, `[a-z]`, `[!x]`) matches a whole text; `*` crosses slashes. Time
 * is at most the product of the two lengths.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let resume = 0;
  while (position < text.length) {
    const step = pattern[at] === '*' ? 0 : matchOne(pattern, at, text.charAt(position));
    if (pattern[at] === '*') {
      star = at++;
      resume = position;
    } else if (step > 0) {
      at += step;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Whether a word is a pattern at all. */
export function isGlob(word: string): boolean {
  return /[*?[]/.test(word);
}

/** How many characters of the pattern match this one character, 0 when they do not. */
function matchOne(pattern: string, at: number, character: string): number {
  if (at >= pattern.length) return 0;
  if (pattern[at] === '?') return 1;
  const close = pattern[at] === '[' ? pattern.indexOf(']', at + 2) : -1;
  if (close === -1) return pattern[at] === character ? 1 : 0;
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const members = pattern.slice(at + (negated ? 2 : 1), close);
  return isMember(members, character) === negated ? 0 : close - at + 1;
}

function isMember(members: string, character: string): boolean {
  for (let at = 0; at < members.length; at++) {
    const low = members.charAt(at);
    const high = members[at + 1] === '-' ? members[at + 2] : undefined;
    if (high === undefined ? low === character : low <= character && character <= high) return true;
    if (high !== undefined) at += 2;
  }
  return false;
}
