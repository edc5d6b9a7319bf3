import type { Readable } from 'node:stream';
import { systemClock } from '../env/clock.js';

/** Silence after which a stream that a daemon holds open is given up, and the longest wait in all. */
const quietMs = 50;
const drainMs = 1000;

/** Waits until streams that are being read come to their end, or fall silent. */
export async function drain(streams: readonly Readable[]): Promise<void> {
  const open = streams.filter(({ readableEnded, closed }) => !readableEnded && !closed);
  let lastData = systemClock.monotonic();
  const until = lastData + drainMs;
  let left = open.length;
  const ended = open.map((stream) =>
    new Promise<void>((resolve) => {
      stream.on('data', () => {
        lastData = systemClock.monotonic();
      });
      stream.once('close', resolve);
      stream.once('end', resolve);
    }).then(() => {
      left -= 1;
    }),
  );
  const all = Promise.all(ended);
  while (left > 0) {
    const patience = Math.min(lastData + quietMs, until) - systemClock.monotonic();
    if (patience <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise((resolve) => {
      timer = setTimeout(resolve, patience + 1);
    });
    await Promise.race([all, silence]);
    clearTimeout(timer);
  }
}
