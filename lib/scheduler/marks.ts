/** The environment variable that every process of a run carries: its value is the token of the run. */
export const runMarkName = 'NODEMGR_RUN_TOKEN';

/** The marker by which the processes of a run are found after their worker died. */
export function runMarker(token: string): string {
  return `${runMarkName}=${token}`;
}
