/** `--provision` and `--unprovision` of the configuration commands: the action of that name, in full. */
import type { App } from '../app.js';
import type { GlobalArgs } from '../global-args.js';
import { type ActionArgs, actionCommand, actionOptions } from './action.js';

/**
 * @param scopes paths of the services
 * @returns the exit code of the action
 */
export async function provisioning(
  app: App,
  action: 'provision' | 'unprovision',
  { scopes, rid, args }: { scopes: readonly string[]; rid?: string; args: GlobalArgs },
): Promise<number> {
  const defaults = Object.fromEntries(
    Object.entries(actionOptions).map(([name, option]) => [
      name,
      'default' in option ? option.default : undefined,
    ]),
  );
  const { format, color, debug } = args;
  const whole = {
    ...defaults,
    ...{ format, color, debug, operands: [], rid, service: scopes.map(spelledOut).join(',') },
  };
  // One entry per option of the table, each with its default: these are the arguments of the action.
  return (await actionCommand(action).run(app, whole as unknown as ActionArgs)) ?? 0;
}

/** With its namespace: OSVC_NAMESPACE must not change what a path means. */
function spelledOut(scope: string): string {
  return scope.includes('/') ? scope : `root/svc/${scope}`;
}
