import { type AuditEntry, systemActor } from '../core/model/audit.ts';
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
export const sampling: Sampling = {
  windowMs: 60_000,
  fullEntriesPerKey: 5,
  fullEntries: 60,
  maxKeys: 100,
};

/** What happens again and again, in few entries: the first ones as they are, then only how many. */
export interface Sampler {
  /** The entry if it is to be written as it is; otherwise it is counted. */
  sample(entry: AuditEntry): AuditEntry | undefined;
  /** Ends the window: an entry for each kind that was counted, and everything begins anew. */
  end(): (AuditEntry & { readonly count: number })[];
}

interface Kind {
  /** What its members have in common. */
  readonly common: Pick<AuditEntry, 'event' | 'gate' | 'reason'> & { readonly network?: string };
  whole: number;
  held: number;
  first: number;
  last: number;
}

/** Builds one. It keeps no time: somebody else says when a window ends. */
export function createSampler(limits: Sampling): Sampler {
  const kinds = new Map<string, Kind>();
  let whole = 0;

  function kindOf({ event, gate, reason, actor }: AuditEntry): Kind {
    const network = actor.client === undefined ? undefined : clientNetwork(actor.client);
    const key = JSON.stringify([event, reason, gate, network]);
    const found = kinds.get(key);
    if (found !== undefined) return found;
    const isFull = kinds.size >= limits.maxKeys;
    const common = isFull
      ? { event, reason }
      : { event, reason, gate, ...(network && { network }) };
    const commonKey = isFull ? JSON.stringify([event, reason]) : key;
    const kind = kinds.get(commonKey) ?? { common, whole: 0, held: 0, first: 0, last: 0 };
    kinds.set(commonKey, kind);
    return kind;
  }

  return {
    sample(entry) {
      const kind = kindOf(entry);
      if (kind.whole < limits.fullEntriesPerKey && whole < limits.fullEntries) {
        kind.whole++;
        whole++;
        return entry;
      }
      if (kind.held === 0) kind.first = entry.at;
      kind.held++;
      kind.last = entry.at;
      return undefined;
    },

    end() {
      const counted = [...kinds.values()].filter(({ held }) => held > 0);
      kinds.clear();
      whole = 0;
      return counted.map(({ common: { network, ...common }, held, first, last }) => ({
        ...common,
        at: last,
        actor: { ...systemActor, client: network },
        count: held,
        details: { first: new Date(first).toISOString(), last: new Date(last).toISOString() },
      }));
    },
  };
}
