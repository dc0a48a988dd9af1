import { type AuditEntry, postern } from '../core/model/audit.ts';
import { clientNetwork } from '../lib/client-network.ts';

/** How much of the same is told in full in one window, and how many kinds of it are told apart. */
export interface Sampling {
  /** Milliseconds. */
  readonly windowMs: number;
  /** Entries in full, of one event, gate, reason and client network. */
  readonly fullEntriesPerKey: number;
  /** Entries in full, of all of them together. */
  readonly fullEntries: number;
  /** Kinds that are counted apart; the others by event and reason alone. */
  readonly maxKeys: number;
}

/** For the audit log, which is kept. */
export const auditSampling: Sampling = {
  windowMs: 60_000,
  fullEntriesPerKey: 5,
  fullEntries: 60,
  maxKeys: 100,
};

/** What happens again and again, in few entries: the first ones as they are, then only how many. */
export interface Sampler {
  /** The entry if it is to be written as it is; otherwise it is counted. */
  sample(entry: AuditEntry): AuditEntry | undefined;
  /** Ends the window: an entry for each group that was counted, and everything begins anew. */
  endWindow(): (AuditEntry & { readonly count: number })[];
}

interface SampleGroup {
  /** What its members have in common. */
  readonly common: Pick<AuditEntry, 'event' | 'gate' | 'reason'> & { readonly network?: string };
  written: number;
  suppressed: number;
  first: number;
  last: number;
}

/** Builds one. It keeps no time: somebody else says when a window ends. */
export function createSampler(limits: Sampling): Sampler {
  const groups = new Map<string, SampleGroup>();
  let written = 0;

  function groupOf({ event, gate, reason, actor }: AuditEntry): SampleGroup {
    const network = actor.client === undefined ? undefined : clientNetwork(actor.client);
    const key = JSON.stringify([event, reason, gate, network]);
    const found = groups.get(key);
    if (found !== undefined) return found;
    const isFull = groups.size >= limits.maxKeys;
    const common = isFull
      ? { event, reason }
      : { event, reason, gate, ...(network && { network }) };
    const commonKey = isFull ? JSON.stringify([event, reason]) : key;
    const group = groups.get(commonKey) ?? { common, written: 0, suppressed: 0, first: 0, last: 0 };
    groups.set(commonKey, group);
    return group;
  }

  return {
    sample(entry) {
      const group = groupOf(entry);
      if (group.written < limits.fullEntriesPerKey && written < limits.fullEntries) {
        group.written++;
        written++;
        return entry;
      }
      if (group.suppressed === 0) group.first = entry.at;
      group.suppressed++;
      group.last = entry.at;
      return undefined;
    },

    endWindow() {
      const suppressedGroups = [...groups.values()].filter(({ suppressed }) => suppressed > 0);
      groups.clear();
      written = 0;
      return suppressedGroups.map(
        ({ common: { network, ...common }, suppressed, first, last }) => ({
          ...common,
          at: last,
          actor: { ...postern, client: network },
          count: suppressed,
          details: { first: new Date(first).toISOString(), last: new Date(last).toISOString() },
        }),
      );
    },
  };
}
