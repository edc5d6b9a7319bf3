import { defineTable } from './store.js';

/** Single facts about the store: the fingerprint of the configuration, the clock when last looked at. */
export const metaTable = defineTable((store) => {
  const read = store.connection.prepare<[string], { value: string }>(
    'SELECT value FROM meta WHERE key = ?',
  );
  const write = store.connection.prepare<[string, string]>(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const remove = store.connection.prepare<[string]>('DELETE FROM meta WHERE key = ?');
  return {
    get: (key: string): string | undefined => read.get(key)?.value,
    set: (key: string, value: string): void => void write.run(key, value),
    remove: (key: string): void => void remove.run(key),
  };
});
