/** Environments that a node or a service may be of, as in OpenSVC; PRD is the productive one. */
export const environments = [
  'DEV',
  'DRP',
  'FOR',
  'INT',
  'PRA',
  'PRD',
  'PRJ',
  'PPRD',
  'REC',
  'STG',
  'TMP',
  'TST',
  'UAT',
] as const;
