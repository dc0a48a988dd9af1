import { definitions } from './definitions.ts';
import type { Family } from './snapshot.ts';

/** The metric that only the primary process knows: how many workers it replaced. */
export function workerRestartsFamily(restarts: number): Family {
  const { name, help, type, aggregation } = definitions.workerRestarts;
  return { name, help, type, aggregator: aggregation, values: [{ labels: {}, value: restarts }] };
}
