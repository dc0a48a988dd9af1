import { MetricsUnavailable } from '../../core/model/errors.ts';
import { type Exposition, renderMetrics } from './exposition.ts';
import type { Metrics } from './metrics.ts';
import { readProcessMetrics } from './process-metrics.ts';
import type { Snapshot } from './snapshot.ts';

/** Renders the metrics of all processes. Rejects with MetricsUnavailable. */
export type Scrape = (accept: string | undefined) => Promise<Exposition>;

/** Snapshot of this process's metrics. */
export async function takeSnapshot(metrics: Pick<Metrics, 'families'>): Promise<Snapshot> {
  const families = await Promise.all([metrics.families(), readProcessMetrics()]);
  return { process: process.pid, families: families.flat() };
}

/**
 * Creates the scrape. `collectFromWorkers` adds the snapshots of the other workers; undefined in a
 * single process.
 */
export function createScrape(dependencies: {
  readonly metrics: Metrics;
  readonly collectFromWorkers: ((own: Snapshot) => Promise<readonly Snapshot[]>) | undefined;
}): Scrape {
  const { metrics, collectFromWorkers } = dependencies;
  return async (accept) => {
    const own = await takeSnapshot(metrics);
    if (collectFromWorkers === undefined) return renderMetrics([own], accept);
    const all = await collectFromWorkers(own);
    // A partial sum would look like a counter reset.
    if (all.length === 0) throw new MetricsUnavailable('the other workers did not answer in time');
    return renderMetrics(all, accept);
  };
}
