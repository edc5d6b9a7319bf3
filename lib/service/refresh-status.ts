import type { RunOutcome } from '../driver/contract.js';
import type { Store } from '../store/store.js';
import type { Surroundings } from './context.js';
import { refresh } from './operate.js';
import { doneOutcome } from './outcome.js';
import type { Service } from './service.js';
import { statusesOf } from './statuses.js';

/** push_service_status: looks at every resource and keeps what it is. */
export default async function refreshStatus(
  service: Service,
  around: Surroundings,
  store: Store,
): Promise<RunOutcome> {
  const { unrecorded } = await refresh(service, statusesOf(around, service), around, store, {
    inside: 'now',
  });
  if (unrecorded) throw unrecorded;
  return doneOutcome;
}
