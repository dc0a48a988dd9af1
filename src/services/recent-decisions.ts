import type { DecisionRecord } from './events.ts';

/** The last decisions, to be looked up by the id that denials and log lines carry. */
export interface RecentDecisions {
  keep(record: DecisionRecord): void;
  find(requestId: string): DecisionRecord | undefined;
}

/** How many are kept. A record holds no secret, and a few kilobytes at most. */
const kept = 1_000;

/** Keeps records in memory; the oldest goes when there is a new one too many. */
export function keepRecentDecisions(): RecentDecisions {
  const records = new Map<string, DecisionRecord>();
  return {
    keep(record) {
      records.set(record.requestId, record);
      if (records.size <= kept) return;
      const [oldest] = records.keys();
      if (oldest !== undefined) records.delete(oldest);
    },
    find: (requestId) => records.get(requestId),
  };
}
