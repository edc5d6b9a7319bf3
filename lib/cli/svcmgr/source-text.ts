/** The text of `--config` and `--template`: a file, standard input, or an address. */
import { isUtf8 } from 'node:buffer';
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
  if (source === '-') return textOf(source, await readBytes(app.edge.stdin()));
  if (/^https?:\/\//.test(source)) return textOf(source, await download(source));
  return textOf(source, readSourceFile(source));
}

/** @throws AgentError for bytes that could not be written back as they are */
function textOf(source: string, bytes: Uint8Array): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString('utf8');
  const name = source === '-' ? 'the standard input' : source;
  throw new AgentError('E_CONFIG_READ', `${name} is not UTF-8`, {
    exit: 'config',
    remedy: 'convert it: iconv -f latin1 -t utf8',
  });
}

function readSourceFile(source: string): Uint8Array {
  try {
    return readFileSync(source.startsWith('file:') ? fileURLToPath(source) : source);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new AgentError('E_CONFIG_READ', `${source} ${why}`, {
      remedy: 'name an existing file, an http address, or - for standard input',
      cause,
    });
  }
}

async function download(address: string): Promise<Uint8Array> {
  const failed = (why: string, cause?: unknown): AgentError =>
    new AgentError('E_CONFIG_READ', `${address}: ${why}`, {
      exit: 'unavailable',
      remedy: 'check the address, or download it yourself and name the file',
      cause,
    });
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(deadlineMs) });
    if (!response.ok) throw failed(`the server answers ${response.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxIniBytes) throw failed(`it is larger than ${maxIniBytes >> 20} MiB`);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
    throw failed(reason || 'it cannot be read', cause);
  }
}
