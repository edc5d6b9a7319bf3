import { arch, machine, release, type } from 'node:os';

export interface Kernel {
  /** `Linux`. */
  readonly name: string;
  /** As `uname -r`. */
  readonly release: string;
  /** As `uname -m`. */
  readonly machine: string;
}

export function readKernel(): Kernel {
  return { name: type(), release: release(), machine: machine() || arch() };
}
