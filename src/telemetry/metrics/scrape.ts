import { MetricsUnavailable } from '../../core/model/errors.ts';
import { type Exposition, renderMetrics } from './exposition.ts';
import type { Metrics } from './metrics.ts';
import { readProcessMetrics } from './process-metrics.ts';
import type { Snapshot } from './snapshot.ts';

/** The metrics of all processes as one text. Rejects with MetricsUnavailable. */
export type Scrape = (accept: string | undefined) => Promise<Exposition>;

/** Everything that this process knows of itself. */
export async function takeSnapshot(metrics: Pick<Metrics, 'families'>): Promise<Snapshot> {
  const families = await Promise.all([metrics.families(), readProcessMetrics()]);
  return { process: process.pid, families: families.flat() };
}

/**
 * Builds the service. `everybody` turns this process's numbers into those of all workers; without it
 * there is no other.
 */
export function createScrape(dependencies: {
  readonly metrics: Metrics;
  readonly everybody: ((own: Snapshot) => Promise<readonly Snapshot[]>) | undefined;
}): Scrape {
  const { metrics, everybody } = dependencies;
  return async (accept) => {
    const own = await takeSnapshot(metrics);
    if (everybody === undefined) return renderMetrics([own], accept);
    const all = await everybody(own);
    // A part of the sum would look like counters that began anew.
    if (all.length === 0) throw new MetricsUnavailable('the other workers did not answer in time');
    return renderMetrics(all, accept);
  };
}
