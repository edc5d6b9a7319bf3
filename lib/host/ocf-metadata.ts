import sax from 'sax';
import { AgentError } from '../errors/agent-error.js';

/** A parameter that an agent knows (OCF Resource Agent API 1.1, `meta-data`). */
export interface OcfParameter {
  readonly name: string;
  /** It has no default and nothing works without it. */
  readonly required: boolean;
  /** `string`, `boolean`, `integer`, `select`, `time`…: agents are free in it. */
  readonly type: string;
}

/**
 * Reads what an agent prints for `meta-data`.
 * @throws AgentError `E_OUTPUT` for a text that is no such XML
 */
export function parseOcfParameters(text: string): OcfParameter[] {
  const parser = sax.parser(true, { trim: true });
  const parameters: OcfParameter[] = [];
  let current: { name: string; required: boolean; type: string; hasDefault: boolean } | undefined;
  let isAgent = false;
  let failure: Error | undefined;
  parser.onerror = (error) => {
    failure ??= error;
    parser.resume();
  };
  parser.onopentag = ({ name, attributes }) => {
    const attribute = (key: string): string | undefined => attributes[key] as string | undefined;
    if (name === 'resource-agent') isAgent = true;
    if (name === 'parameter') {
      const required = /^(1|true|yes)$/i.test(attribute('required') ?? '');
      current = { name: attribute('name') ?? '', required, type: 'string', hasDefault: false };
    }
    if (name === 'content' && current) {
      current.type = attribute('type') ?? 'string';
      current.hasDefault = (attribute('default') ?? '') !== '';
    }
  };
  parser.onclosetag = (name) => {
    if (name !== 'parameter' || !current) return;
    const { hasDefault, required, ...parameter } = current;
    parameters.push({ ...parameter, required: required && !hasDefault });
    current = undefined;
  };
  parser.write(text.trim()).close();
  if (isAgent && !failure) return parameters;
  throw new AgentError(
    'E_OUTPUT',
    `no meta-data: ${failure?.message.split('\n')[0] ?? 'no agent'}`,
    {
      exit: 'failed',
      remedy: 'run the agent with `meta-data` by hand and look at what it prints',
      cause: failure,
    },
  );
}
