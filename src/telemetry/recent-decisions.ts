import { type DecisionRecord, type Events, isSampledOut } from '../core/model/events.ts';

/** The last decisions, to be looked up by the id that denials and log lines carry. */
export interface RecentDecisions {
  /** What it has to hear of. */
  readonly events: Pick<Events, 'decided'>;
  find(requestId: string): DecisionRecord | undefined;
}

/** How many are kept of each. A record holds no secret, and a few kilobytes at most. */
const kept = { denials: 1_000, admissions: 1_000 };

/**
 * Admissions kept of one second. Under load most would be forgotten before anybody could ask, and
 * keeping an object for that long costs V8 as much as a third of the decision.
 */
const admissionsASecond = 100;

/** Keeps records in memory; the oldest goes when there is a new one too many. */
export function keepRecentDecisions(): RecentDecisions {
  const denials = new Ring(kept.denials);
  const admissions = new Ring(kept.admissions);
  let second = 0;
  let inThisSecond = 0;

  function hasRoom(at: number): boolean {
    const now = Math.floor(at / 1_000);
    if (now !== second) inThisSecond = 0;
    second = now;
    return inThisSecond++ < admissionsASecond;
  }

  return {
    events: {
      decided(record) {
        if (isSampledOut(record)) return;
        if (record.verdict.verdict === 'deny') denials.add(record);
        else if (hasRoom(record.at)) admissions.add(record);
      },
    },
    find: (requestId) => denials.find(requestId) ?? admissions.find(requestId),
  };
}

class Ring {
  readonly #records: DecisionRecord[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(record: DecisionRecord): void {
    this.#records[this.#next] = record;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** People ask seldom, and requests come all the time: looking is what may take long. */
  find(requestId: string): DecisionRecord | undefined {
    return this.#records.find((record) => record.requestId === requestId);
  }
}
