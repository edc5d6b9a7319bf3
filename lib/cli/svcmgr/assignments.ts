/** Assignments on the command line: `--kw`, operands, and `--param` with what goes with it. */
import { AgentError } from '../../errors/agent-error.js';
import { type Assignment, parseAssignment } from '../../service/assign.js';
import type { Args, OptionTable } from '../command.js';

export const assignmentOptions = {
  param: { type: 'string', value: 'SECTION.KEY', describe: 'the parameter' },
  value: { type: 'string', value: 'TEXT', mayBeEmpty: true, describe: 'its value' },
  add: { type: 'string', value: 'WORD', describe: 'a word to insert into the value' },
  remove: { type: 'string', value: 'WORD', describe: 'a word to remove from the value' },
  index: { type: 'string', value: 'N', describe: 'where to insert, from 0, or from -1 backwards' },
  kw: {
    type: 'list',
    value: 'SECTION.KEY=TEXT',
    describe: 'an assignment; += inserts, |= adds, -= removes; may be repeated',
  },
} as const satisfies OptionTable;

/** @throws AgentError `E_USAGE` */
export function assignmentsOf(args: Args<typeof assignmentOptions>): Assignment[] {
  const { param, value, add, remove, index } = args;
  const assignments = [...(args.kw ?? []), ...args.operands].map(parseAssignment);
  const given = [value, add, remove].filter((text) => text !== undefined);
  const lone = param === undefined && (given.length > 0 || index !== undefined);
  if (lone || given.length > 1 || (param !== undefined && given.length === 0)) {
    throw usage('--param goes with --value, --add or --remove', 'give one of each');
  }
  if (index !== undefined && (add === undefined || !/^-?\d{1,6}$/.test(index))) {
    throw usage('--index is a number, and goes with --add', 'give --param, --add and --index');
  }
  if (param !== undefined) {
    assignments.push({
      parameter: param,
      operator: add !== undefined ? '+=' : remove !== undefined ? '-=' : '=',
      value: given[0] ?? '',
      index: index === undefined ? undefined : Number(index),
    });
  }
  if (assignments.length > 0) return assignments;
  throw usage('nothing to set', 'give --kw section.key=value, or --param and --value');
}

function usage(fact: string, remedy: string): AgentError {
  return new AgentError('E_USAGE', fact, { exit: 'usage', remedy });
}
