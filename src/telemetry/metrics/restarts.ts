import { definitions } from './definitions.ts';
import type { Family } from './snapshot.ts';

/** What only whoever watches over workers knows: how many it had to replace. */
export function restartFamily(restarts: number): Family {
  const { name, help, type, across } = definitions.workerRestarts;
  return { name, help, type, aggregator: across, values: [{ labels: {}, value: restarts }] };
}
