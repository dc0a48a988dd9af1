import { addFinalCounts, type Family, type Snapshot } from '../telemetry/metrics/snapshot.ts';
import { workerRestartsFamily } from '../telemetry/metrics/worker-restarts.ts';

/** Metric aggregates over all workers, living and ended, so that sums of counters never go down. */
export interface MetricTotals {
  /** The latest snapshot of a worker. */
  record(snapshot: Snapshot): void;
  /** A worker ended: its counters stay in the sums. */
  ended(process: number | undefined): void;
  /** A worker was replaced. */
  replaced(): void;
  /** Snapshots of living workers, of ended ones together, and of the primary process. */
  all(): Snapshot[];
}

/**
 * Builds them. A worker that is late or ended counts with its last snapshot. What it counted after the last
 * scrape is lost, and no scrape ever showed it.
 */
export function createMetricTotals(): MetricTotals {
  const living = new Map<number, Snapshot>();
  let ended: Family[] = [];
  let restarts = 0;
  return {
    record: (snapshot) => void living.set(snapshot.process, snapshot),
    ended(process) {
      const last = process === undefined ? undefined : living.get(process);
      if (last === undefined) return;
      ended = addFinalCounts(ended, last.families);
      living.delete(last.process);
    },
    replaced() {
      restarts++;
    },
    all: () => [
      ...living.values(),
      { process: 0, families: ended },
      { process: 0, families: [workerRestartsFamily(restarts)] },
    ],
  };
}
