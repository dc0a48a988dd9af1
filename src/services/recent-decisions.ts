import { type DecisionRecord, type Events, isOmitted } from './events.ts';

/** The last decisions, to be looked up by the id that denials and log lines carry. */
export interface RecentDecisions {
  /** What it has to hear of. */
  readonly events: Pick<Events, 'decided'>;
  find(requestId: string): DecisionRecord | undefined;
}

/** How many are kept. A record holds no secret, and a few kilobytes at most. */
const kept = 1_000;

/** Keeps records in memory; the oldest goes when there is a new one too many. */
export function keepRecentDecisions(): RecentDecisions {
  const records: DecisionRecord[] = [];
  let next = 0;
  return {
    events: {
      decided(record) {
        if (isOmitted(record)) return;
        records[next] = record;
        next = (next + 1) % kept;
      },
    },
    // People ask seldom, and requests come all the time: looking is what may take long.
    find: (requestId) => records.find((record) => record.requestId === requestId),
  };
}
