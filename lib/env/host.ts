import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The node name as the suite writes it everywhere: lower case. */
export function nodeName(): string {
  return hostname().toLowerCase();
}

/** The user we act as; 0 is root. */
export function effectiveUid(): number {
  return process.geteuid?.() ?? 0;
}

let boot: string | undefined;

/** The id of this boot (random(4)); empty where the kernel does not tell. */
export function bootId(): string {
  boot ??= firstWord('/proc/sys/kernel/random/boot_id');
  return boot;
}

/** Milliseconds since the boot, suspended time included (proc_uptime(5)). */
export function uptimeMs(): number {
  return Math.round(Number(firstWord('/proc/uptime')) * 1000);
}

function firstWord(path: string): string {
  try {
    return readFileSync(path, 'utf8').split(/\s/, 1)[0] ?? '';
  } catch {
    return '';
  }
}
