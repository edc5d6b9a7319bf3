import { scanIni } from '../config/ini.js';
import { paint, type Style } from '../render/style.js';

/** A configuration text with colours: headers, keywords, their scopes, references (spec service 5.6). */
export function colourConfig(text: string, style: Style): string {
  let result = '';
  let done = 0;
  for (const line of scanIni(text)) {
    const { kind, start, end, keyEnd, valueStart, valueEnd } = line;
    result += text.slice(done, start);
    done = end;
    if (kind === 'header') {
      result += paint(style, 'warn', text.slice(start, end));
    } else if (kind === 'key') {
      const key = text.slice(start, keyEnd);
      const at = key.includes('@') ? key.indexOf('@') : key.length;
      const scope = paint(style, 'bad', key.slice(at));
      result += paint(style, 'info', key.slice(0, at)) + scope + text.slice(keyEnd, valueStart);
      result += references(text.slice(valueStart, valueEnd), style) + text.slice(valueEnd, end);
    } else if (kind === 'more') {
      result += references(text.slice(start, valueEnd), style) + text.slice(valueEnd, end);
    } else {
      result += text.slice(start, end);
    }
  }
  return result + text.slice(done);
}

function references(value: string, style: Style): string {
  return value.replace(/\{[\w#][\w#.[\]:/-]{0,200}\}/g, (token) => paint(style, 'ok', token));
}
