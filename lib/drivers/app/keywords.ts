import { defineKeywords, type Keyword, type Values } from '../../config/keyword.js';
import { limitKeywords } from '../limit-keywords.js';
import { environmentObjectKeywords } from '../object-keywords.js';

const sequence =
  'A number: enabled, its place among the apps of its set. `true`: enabled. Unset or `false`: not run. Any other text: a command line of its own';

/** Keywords of app resources that start programs of the operator (spec service 8.6). */
export const appKeywords = defineKeywords({
  script: {
    kind: 'string',
    scopable: true,
    text: 'The launcher, called with `start`, `stop`, `status` or `info`. A relative path is below the launcher directory of the service, `<name>.d`.',
  },
  start: verb(`Whether and when it is started. ${sequence}.`),
  stop: verb(`Whether and when it is stopped. ${sequence}.`),
  check: verb(
    `Whether it is asked for its status. ${sequence}; its exit code is the status, see \`retcodes\`.`,
  ),
  info: verb(`Whether it is asked for information. ${sequence}; it prints lines \`key: value\`.`),
  timeout: duration('How long any of its commands may take, when the command has no own limit.'),
  start_timeout: duration(
    'How long a start may take. The start then also waits so long until the check says up.',
  ),
  stop_timeout: duration('How long a stop may take.'),
  check_timeout: duration('How long a check may take. Default: `timeout`, else 30s.'),
  info_timeout: duration('How long the information may take. Default: `timeout`, else 30s.'),
  user: {
    kind: 'string',
    scopable: true,
    text: 'Account that runs the commands. Default: the owner of the script. A script of anybody but root is always run by its owner.',
  },
  group: { kind: 'string', scopable: true, text: 'Group that runs the commands.' },
  cwd: { kind: 'path', default: '/', scopable: true, text: 'Working directory.' },
  umask: { kind: 'string', scopable: true, text: 'File mode mask, octal.' },
  retcodes: {
    kind: 'string',
    default: '0:up 1:down',
    scopable: true,
    text: 'What the exit codes of the check mean: `0:up 1:down 3:n/a`. All others are `warn`.',
  },
  status_log: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Show what the check prints below the resource: stdout as info, stderr as warn.',
  },
  environment: {
    kind: 'shlex',
    scopable: true,
    text: 'Words NAME=VALUE added to the environment; names are written in capitals.',
  },
  ...environmentObjectKeywords,
  ...limitKeywords,
});

export type AppKeywords = Values<typeof appKeywords>;

function verb(text: string): Keyword & { kind: 'string' } {
  return { kind: 'string', scopable: true, command: true, text };
}

function duration(text: string): Keyword & { kind: 'duration' } {
  return { kind: 'duration', scopable: true, text };
}
