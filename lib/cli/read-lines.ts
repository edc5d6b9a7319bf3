/**
 * The lines of a text stream as they come, all that one chunk completes together; a last line
 * without line feed counts.
 */
export async function* readLines(
  stream: NodeJS.ReadableStream,
): AsyncGenerator<string[], void, undefined> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}
