import { definitions } from './definitions.ts';
import type { Family } from './snapshot.ts';

/** What only whoever watches over workers knows: how many it had to replace. */
export function workerRestartsFamily(restarts: number): Family {
  const { name, help, type, aggregation } = definitions.workerRestarts;
  return { name, help, type, aggregator: aggregation, values: [{ labels: {}, value: restarts }] };
}
