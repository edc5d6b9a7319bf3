import { expect, test } from 'vitest';
import { resolvePaths } from '../../lib/env/paths.js';

const cases = [
  { env: { NODEMGR_ROOT: '/r' }, uid: 0, etc: '/r/etc', run: '/r/run', why: 'the root wins' },
  { env: {}, uid: 0, etc: '/etc/nodemgr', run: '/run/nodemgr', why: 'the system' },
  {
    env: {},
    uid: 1,
    etc: '/home/u/.config/nodemgr',
    run: '/home/u/.local/state/nodemgr/run',
    why: 'the defaults of XDG',
  },
  {
    env: { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' },
    uid: 1,
    etc: '/c/nodemgr',
    run: '/s/nodemgr/run',
    why: 'XDG as set',
  },
  {
    env: { XDG_CONFIG_HOME: 'c', XDG_STATE_HOME: './s' },
    uid: 1,
    etc: '/home/u/.config/nodemgr',
    run: '/home/u/.local/state/nodemgr/run',
    why: 'XDG has no relative paths: the worker starts in another directory',
  },
];

test.each(cases)('$env as user $uid: $why', ({ env, uid, etc, run }) => {
  expect(resolvePaths({ env, uid, home: '/home/u' })).toMatchObject({ etc, run });
});
