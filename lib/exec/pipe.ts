import { showCommand } from './run.js';

/** sh(1) itself knows only how the last program of a pipe ended; both have to succeed here. */
const script = `exec 5>&1
ends=$( { { eval "$1" 4>&- 5>&-; echo "s$?" >&4; } | { eval "$2" >&5 4>&- 5>&-; echo "r$?" >&4; }; } 4>&1 )
sent=\${ends##*s}; sent=\${sent%%[!0-9]*}
received=\${ends##*r}; received=\${received%%[!0-9]*}
[ "$received" = 0 ] || exit "\${received:-1}"
exit "\${sent:-1}"`;

/**
 * A command line that gives what one program prints to another one. Its exit code is that of the
 * receiver when that failed, else that of the sender.
 */
export function pipeArgv(from: readonly string[], to: readonly string[]): string[] {
  return ['/bin/sh', '-c', script, 'pipe', showCommand(from), showCommand(to)];
}

/** As the operator sees it. */
export function showPipe(from: readonly string[], to: readonly string[]): string {
  return `${showCommand(from)} | ${showCommand(to)}`;
}
