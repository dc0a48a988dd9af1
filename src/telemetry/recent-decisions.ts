import { type DecisionRecord, type Events, isSampledOut } from '../core/model/events.ts';

/** The last decisions, by the request id that denials and log lines carry. */
export interface RecentDecisions {
  /** Events to subscribe to. */
  readonly events: Pick<Events, 'decided'>;
  find(requestId: string): DecisionRecord | undefined;
}

/** Records kept of each kind. A record holds no secret, and a few kilobytes at most. */
const capacity = { denials: 1_000, admissions: 1_000 };

/**
 * Admissions recorded per second. Under load older ones would be overwritten before anyone could
 * look, and retaining an object that long costs V8 a third of a decision.
 */
const admissionsPerSecond = 100;

/** Creates ring buffers in memory. */
export function createRecentDecisions(): RecentDecisions {
  const denials = new RingBuffer(capacity.denials);
  const admissions = new RingBuffer(capacity.admissions);
  let second = 0;
  let inThisSecond = 0;

  function hasRoom(at: number): boolean {
    const now = Math.floor(at / 1_000);
    if (now !== second) inThisSecond = 0;
    second = now;
    return inThisSecond++ < admissionsPerSecond;
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

class RingBuffer {
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

  /** Linear search: look-ups are rare, writes are not. */
  find(requestId: string): DecisionRecord | undefined {
    return this.#records.find((record) => record.requestId === requestId);
  }
}
