import { defineKeywords, type Keyword, type Values } from '../config/keyword.js';
import type { LimitName, Limits } from '../exec/limits.js';

/** Limits of the programs that a resource starts, as setrlimit(2) has them. */
export const limitKeywords = defineKeywords({
  limit_as: bytes('Most address space.'),
  limit_core: bytes('Largest core file.'),
  limit_cpu: {
    kind: 'duration',
    scopable: true,
    text: 'Most processor time of one process.',
  },
  limit_data: bytes('Largest data segment.'),
  limit_fsize: bytes('Largest file that it may write.'),
  limit_memlock: bytes('Most locked memory.'),
  limit_nofile: { kind: 'integer', scopable: true, text: 'Most open files.' },
  limit_nproc: { kind: 'integer', scopable: true, text: 'Most processes of its account.' },
  limit_rss: bytes('Most resident memory.'),
  limit_stack: bytes('Largest stack.'),
  limit_vmem: bytes('The same as `limit_as`.'),
});

/** The limits that these keywords stand for. */
export function limitsOf(kw: Values<typeof limitKeywords>): Limits {
  const limits: Record<LimitName, number | undefined> = {
    as: kw.limit_as ?? kw.limit_vmem,
    core: kw.limit_core,
    cpu: kw.limit_cpu === undefined ? undefined : Math.ceil(kw.limit_cpu / 1000),
    data: kw.limit_data,
    fsize: kw.limit_fsize,
    memlock: kw.limit_memlock,
    nofile: kw.limit_nofile,
    nproc: kw.limit_nproc,
    rss: kw.limit_rss,
    stack: kw.limit_stack,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function bytes(text: string): Keyword & { kind: 'size' } {
  return { kind: 'size', scopable: true, text };
}
