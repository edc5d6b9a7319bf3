/** Keywords that take values from cfg and sec objects, which this agent does not have (spec service 8.5). */
import { defineKeywords } from '../config/keyword.js';
import { AgentError } from '../errors/agent-error.js';

const absent = 'This agent has no such objects: what uses the keyword is not started.';

export const environmentObjectKeywords = defineKeywords({
  configs_environment: {
    kind: 'shlex',
    scopable: true,
    text: `Variables whose values are keys of cfg objects: \`NAME=cfg/key\`. ${absent}`,
  },
  secrets_environment: {
    kind: 'shlex',
    scopable: true,
    text: `Variables whose values are keys of sec objects: \`NAME=sec/key\`. ${absent}`,
  },
});

export const registryObjectKeywords = defineKeywords({
  registry_creds: {
    kind: 'string',
    scopable: true,
    text: `The sec object that the registry is logged in with. ${absent}`,
  },
});

/** Values of these keywords; a resource has some of them. */
interface Given {
  readonly configs_environment?: readonly string[] | undefined;
  readonly secrets_environment?: readonly string[] | undefined;
  readonly registry_creds?: string | undefined;
}

const remedies: Readonly<Record<keyof Given, string>> = {
  configs_environment: 'write the values into `environment`, and remove configs_environment',
  secrets_environment:
    'let the program read its secrets from a file that only it can read, and remove secrets_environment',
  registry_creds: 'log in once by hand (docker login, podman login), and remove registry_creds',
};

const kinds: Readonly<Record<keyof Given, string>> = {
  configs_environment: 'cfg',
  secrets_environment: 'sec',
  registry_creds: 'sec',
};

/** One sentence for each of the keywords that is set. */
export function objectWarnings(given: Given): string[] {
  return setOf(given).map(factOf);
}

/** @throws AgentError `E_NO_OBJECT` when one of the keywords is set: nothing starts without its secrets */
export function refuseObjects(given: Given): void {
  const [keyword] = setOf(given);
  if (keyword === undefined) return;
  throw new AgentError('E_NO_OBJECT', factOf(keyword), {
    exit: 'config',
    remedy: remedies[keyword],
  });
}

function setOf(given: Given): (keyof Given)[] {
  const keywords = ['configs_environment', 'secrets_environment', 'registry_creds'] as const;
  return keywords.filter((keyword) => (given[keyword]?.length ?? 0) > 0);
}

function factOf(keyword: keyof Given): string {
  return `${keyword} needs ${kinds[keyword]} objects, which this agent does not have`;
}
