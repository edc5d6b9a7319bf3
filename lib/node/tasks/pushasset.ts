/** pushasset: the inventory of the server (cpu, memory, os, serial number, adapters, addresses). */
import { defineTask } from '../../task/contract.js';
import { readAsset } from '../asset.js';

export default defineTask({
  name: 'pushasset',
  section: 'asset',
  describe: 'take the inventory of the server',

  async run({ run, nodename, clock, setting, results }) {
    const override = (key: string): string | undefined => setting('node', key);
    results.write('asset', await readAsset({ run, nodename, now: clock.now(), override, setting }));
  },
});
