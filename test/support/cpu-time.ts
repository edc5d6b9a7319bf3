/** Processor time of this process so far, ms: a busy machine does not lengthen it. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
