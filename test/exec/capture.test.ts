import { expect, test } from 'vitest';
import { BoundedCapture, LineSplitter } from '../../lib/exec/capture.js';

function capture(max: number, ...chunks: string[]) {
  const kept = new BoundedCapture(max);
  for (const chunk of chunks) kept.push(Buffer.from(chunk));
  return kept.result();
}

test('what fits is kept as it is', () => {
  expect(capture(8, 'ab', '', 'cdefgh')).toEqual({ text: 'abcdefgh', droppedBytes: 0 });
  expect(capture(8)).toEqual({ text: '', droppedBytes: 0 });
});

test('head and tail are kept, with the number of bytes between them', () => {
  expect(capture(8, 'abcd', 'ef', 'ghi')).toEqual({
    text: 'abcd\n[... 1 bytes dropped ...]\nfghi',
    droppedBytes: 1,
  });
});

test('after a newline the marker needs none of its own', () => {
  expect(capture(4, 'a\nbcdefgh').text).toBe('a\n[... 5 bytes dropped ...]\ngh');
});

test('a cut never splits a character', () => {
  const { text, droppedBytes } = capture(8, 'aaaé€€€ébbb');
  expect(text).toBe('aaa\n[... 13 bytes dropped ...]\nbbb');
  expect(droppedBytes).toBe(13);
});

test('any cutting into chunks gives the same text', () => {
  const text = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join('');
  const whole = capture(1000, text);
  for (const size of [1, 3, 7, 64, 499, 500, 501, 999]) {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    expect(capture(1000, ...chunks)).toEqual(whole);
  }
  expect(whole.text.length - whole.text.indexOf('\n[...')).toBeLessThan(600);
  expect(whole.text.endsWith('line 499\n')).toBe(true);
});

test('zero bytes kept is allowed', () => {
  expect(capture(0, 'abc').droppedBytes).toBe(3);
  expect(capture(1, 'abc').text).toBe('a\n[... 2 bytes dropped ...]\n');
});

function lines(max: number, ...chunks: string[]): string[] {
  const seen: string[] = [];
  const splitter = new LineSplitter(max, (line) => seen.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return seen;
}

test('lines are whole whatever the chunks are', () => {
  expect(lines(100, 'a', 'b\nc\n\nd')).toEqual(['ab', 'c', '', 'd']);
  expect(lines(100, 'a\n')).toEqual(['a']);
  expect(lines(100)).toEqual([]);
});

test('a character that comes in two chunks stays whole', () => {
  const seen: string[] = [];
  const splitter = new LineSplitter(100, (line) => seen.push(line));
  const bytes = Buffer.from('é€\n');
  for (const byte of bytes) splitter.push(Buffer.from([byte]));
  expect(seen).toEqual(['é€']);
});

test('a long line is delivered once, cut', () => {
  expect(lines(4, 'abc', 'defg', 'h\nij\n')).toEqual(['abcd [... 4 bytes dropped ...]', 'ij']);
});
