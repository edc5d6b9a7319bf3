import { defineKeywords } from '../config/keyword.js';

/** Keywords of every resource, whatever its driver. */
export const resourceKeywords = defineKeywords({
  type: { kind: 'lower', scopable: true, inherit: 'leaf', text: 'The driver.' },
  disable: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    inherit: 'leaf',
    text: 'Ignored by actions and by the scheduler.',
  },
  tags: { kind: 'list', scopable: true, text: 'Free words to select resources by.' },
  subset: { kind: 'string', scopable: true, inherit: 'leaf', text: 'The subset of its group.' },
  optional: {
    kind: 'tristate',
    scopable: true,
    text: 'Errors of its actions are logged and ignored.',
  },
  comment: { kind: 'string', inherit: 'leaf', text: 'Free text.' },
});
