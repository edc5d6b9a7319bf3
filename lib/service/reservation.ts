import { type Evaluator, readSection } from '../config/values.js';
import { deviceKeywords } from '../driver/resource-keywords.js';
import type { ReservationValues } from '../drivers/disk/reservation.js';
import type { LoadedDriver } from './load-driver.js';
import type { Resource } from './resource.js';

/** The driver that no section names. */
export const reservationDriver = 'disk.scsireserv';

const reservable = ['disk', 'fs'];

/**
 * The reservation of the disks below a resource, as the resource `<rid>pr` beside it; undefined when
 * it wants none.
 */
export async function reservationOf(
  evaluator: Evaluator,
  resource: Resource,
): Promise<Resource | undefined> {
  const { rid, group } = resource;
  const { scsireserv, prkey, no_preempt_abort } = deviceKeywords;
  // Most resources want none: that is seen before anything is evaluated.
  const mayWant = reservable.includes(group) && evaluator.find(rid, 'scsireserv', scsireserv);
  if (!mayWant) return undefined;
  const { partial } = readSection(evaluator, rid, { scsireserv, prkey, no_preempt_abort });
  if (partial.scsireserv !== true) return undefined;
  const values: ReservationValues = {
    of: rid,
    key: partial.prkey ?? evaluator.context.nodeConf?.('node', 'prkey'),
    noPreemptAbort: partial.no_preempt_abort ?? false,
  };
  const { default: driver } = await import('../drivers/disk/reservation.js');
  return {
    ...resource,
    rid: `${rid}pr`,
    group: 'disk',
    driverId: reservationDriver,
    driver: driver as LoadedDriver,
    values: { ...values },
    findings: [],
    label: `preserv of ${rid}`,
    follows: undefined,
    set: reservationDriver,
    subset: undefined,
    monitored: false,
    restart: 0,
    shared: false,
  };
}
