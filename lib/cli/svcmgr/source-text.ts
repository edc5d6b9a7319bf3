/** The text of `--config` and `--template`: a file, standard input, or an address. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { maxIniBytes } from '../../config/ini.js';
import { AgentError, errnoOf } from '../../errors/agent-error.js';
import type { App } from '../app.js';
import { readBytes } from '../read-bytes.js';

const deadlineMs = 30_000;

/**
 * @param source a path, `-` for standard input, or a file:, http: or https: address
 * @throws AgentError `E_CONFIG_READ`
 */
export async function readSource(app: App, source: string): Promise<string> {
  if (source === '-') return Buffer.from(await readBytes(app.edge.stdin())).toString('utf8');
  if (/^https?:\/\//.test(source)) return download(source);
  try {
    return readFileSync(source.startsWith('file:') ? fileURLToPath(source) : source, 'utf8');
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new AgentError('E_CONFIG_READ', `${source} ${why}`, {
      remedy: 'name an existing file, an http address, or - for standard input',
      cause,
    });
  }
}

async function download(address: string): Promise<string> {
  const failed = (why: string, cause?: unknown): AgentError =>
    new AgentError('E_CONFIG_READ', `${address}: ${why}`, {
      exit: 'unavailable',
      remedy: 'check the address, or download it yourself and name the file',
      cause,
    });
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(deadlineMs) });
    if (!response.ok) throw failed(`the server answers ${response.status}`);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > maxIniBytes) throw failed(`it is larger than ${maxIniBytes >> 20} MiB`);
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw failed(reason || 'it cannot be read', cause);
  }
}
