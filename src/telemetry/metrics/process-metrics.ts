import type { Registry } from 'prom-client';
import type { Aggregation, Definition } from './definitions.ts';
import type { Family, Sample } from './snapshot.ts';

/** The default metrics of prom-client that are exported: useful, and cheap to read. */
const exportedNames =
  /^process_(?!heap_bytes)|^nodejs_(?:version_info|external_memory_bytes|heap_size_|eventloop_lag_(?!min|stddev)|gc_)/;

/** Sampling interval of the event loop delay, in milliseconds. */
const lagResolutionMs = 20;

/** Overrides where prom-client would sum values that must not be summed. */
const aggregations: Readonly<Record<string, Aggregation>> = {
  process_start_time_seconds: 'min',
};

let registry: Promise<Registry> | undefined;

/**
 * Metrics of the Node.js process. prom-client is loaded at the first scrape, since it takes memory
 * and time to load.
 */
export async function readProcessMetrics(): Promise<Family[]> {
  registry ??= createRegistry();
  const metrics = await (await registry).getMetricsAsJSON();
  return metrics.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    // prom-client's TypeScript types say numbers; at run time the types are strings.
    type: type as unknown as Definition['type'],
    aggregator: aggregations[name] ?? (aggregator as Aggregation),
    values: (values as Sample[]).filter(({ value }) => Number.isFinite(value)).map(toSample),
  }));
}

async function createRegistry(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = (await import('prom-client')).default;
  const made = new Registry();
  collectDefaultMetrics({ register: made, eventLoopMonitoringPrecision: lagResolutionMs });
  for (const { name } of made.getMetricsAsArray()) {
    if (!exportedNames.test(name)) made.removeSingleMetric(name);
  }
  return made;
}

function toSample({ labels, value, metricName }: Sample): Sample {
  const texts = Object.entries(labels).map(([name, label]) => [name, String(label)]);
  return {
    labels: Object.fromEntries(texts),
    value,
    ...(metricName !== undefined && { metricName }),
  };
}
