import type { Paths } from '../env/paths.js';
import type { ScheduleSettings } from '../task/schedule-settings.js';
export interface ServiceSchedule {
  action: string;
  section: string;
  parameter: string;
  maxParallel: number;
  settings: ScheduleSettings;
}
export function readServiceSchedules(_p: Paths, _f: string, _n: string): ServiceSchedule[] {
  return [];
}
