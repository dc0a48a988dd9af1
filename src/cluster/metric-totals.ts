import { restartFamily } from '../telemetry/metrics/restarts.ts';
import { addCounted, type Family, type Snapshot } from '../telemetry/metrics/snapshot.ts';

/** The last known numbers of all workers, so that sums of counters never go down. */
export interface MetricTotals {
  /** What a worker said last. */
  note(snapshot: Snapshot): void;
  /** A worker ended: what it counted stays in the sums. */
  ended(process: number | undefined): void;
  /** Another one took its place. */
  replaced(): void;
  /** The numbers of all there are, of those that were, and of whoever watches over them. */
  all(): Snapshot[];
}

/**
 * Builds them. A worker that does not answer in time counts with what it said last; one that ended,
 * with what it had counted by then. What it counted after the last scrape is lost with it, and no
 * scrape ever showed it.
 */
export function createMetricTotals(): MetricTotals {
  const living = new Map<number, Snapshot>();
  let ended: Family[] = [];
  let restarts = 0;
  return {
    note: (snapshot) => void living.set(snapshot.process, snapshot),
    ended(process) {
      const last = process === undefined ? undefined : living.get(process);
      if (last === undefined) return;
      ended = addCounted(ended, last.families);
      living.delete(last.process);
    },
    replaced() {
      restarts++;
    },
    all: () => [
      ...living.values(),
      { process: 0, families: ended },
      { process: 0, families: [restartFamily(restarts)] },
    ],
  };
}
