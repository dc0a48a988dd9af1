import { type AuditEntry, systemActor } from '../core/model/audit.ts';
import { clientNetwork } from '../lib/client-network.ts';

/** Limits of a sampler. */
export interface Sampling {
  /** Length of a window, in milliseconds. */
  readonly windowMs: number;
  /** Full entries per key: event, gate, reason and client network. */
  readonly fullEntriesPerKey: number;
  /** Full entries of all keys together. */
  readonly fullEntries: number;
  /** Keys that are counted separately; further ones are counted by event and reason. */
  readonly maxKeys: number;
}

/** Limits for the audit log, which is stored. */
export const auditSampling: Sampling = {
  windowMs: 60_000,
  fullEntriesPerKey: 5,
  fullEntries: 60,
  maxKeys: 100,
};

/** Samples repeated entries: the first ones pass, the others are counted. */
export interface Sampler {
  /** The entry, if it is to be written; otherwise it is counted and undefined is returned. */
  sample(entry: AuditEntry): AuditEntry | undefined;
  /** Ends the window and returns a summary entry for each group with suppressed ones. */
  endWindow(): (AuditEntry & { readonly count: number })[];
}

interface SampleGroup {
  /** The fields that all entries of the group share. */
  readonly common: Pick<AuditEntry, 'event' | 'gate' | 'reason'> & { readonly network?: string };
  written: number;
  suppressed: number;
  first: number;
  last: number;
}

/** The caller ends windows; the sampler has no timer. */
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
          actor: { ...systemActor, client: network },
          count: suppressed,
          details: { first: new Date(first).toISOString(), last: new Date(last).toISOString() },
        }),
      );
    },
  };
}
