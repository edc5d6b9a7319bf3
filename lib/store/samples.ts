import { defineTable } from './store.js';

/** Raw counters of one topic (`cpu`, `netdev`…) at one instant. */
export interface Sample {
  /** UTC ms. */
  at: number;
  topic: string;
  /** Counters restart at a boot: rates exist only between samples of one boot. */
  bootId: string;
  /** JSON. */
  data: string;
}

export const sampleTable = defineTable((store) => {
  const db = store.connection;
  const add = db.prepare<Sample>(`
    INSERT INTO sample (at, topic, boot_id, data) VALUES (@at, @topic, @bootId, @data)
    ON CONFLICT (at, topic) DO UPDATE SET boot_id = excluded.boot_id, data = excluded.data`);
  const trim = db.prepare<[number]>('DELETE FROM sample WHERE at < ?');
  const range = db.prepare<{ begin: number; end: number }, Sample>(
    `SELECT at, topic, boot_id AS bootId, data FROM sample
     WHERE at BETWEEN @begin AND @end ORDER BY topic, at`,
  );
  return {
    add: (sample: Sample): void => void add.run(sample),
    trim: (before: number): void => void trim.run(before),
    range: (begin: number, end: number): Sample[] => range.all({ begin, end }),
  };
});
