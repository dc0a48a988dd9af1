import type { Registry } from 'prom-client';
import type { Across, Definition } from './definitions.ts';
import type { Family, Sample } from './snapshot.ts';

/** Of what prom-client offers: what says something about Postern, and costs little to read. */
const wanted =
  /^process_(?!heap_bytes)|^nodejs_(?:version_info|external_memory_bytes|heap_size_|eventloop_lag_(?!min|stddev)|gc_)/;

/** Most milliseconds between two looks at how late the event loop is. */
const lagPrecisionMs = 20;

/** Where summing up is wrong and prom-client says nothing else. */
const across: Readonly<Record<string, Across>> = {
  process_start_time_seconds: 'min',
};

let registry: Promise<Registry> | undefined;

/**
 * What Node.js and the system know of this process. It begins at the first scrape: the package takes
 * memory and time to load, and whoever never scrapes has neither.
 */
export async function readProcessMetrics(): Promise<Family[]> {
  registry ??= begin();
  const metrics = await (await registry).getMetricsAsJSON();
  return metrics.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    // prom-client numbers its types in TypeScript and names them at run time.
    type: type as unknown as Definition['type'],
    aggregator: across[name] ?? (aggregator as Across),
    values: (values as Sample[]).filter(({ value }) => Number.isFinite(value)).map(plain),
  }));
}

async function begin(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = (await import('prom-client')).default;
  const made = new Registry();
  collectDefaultMetrics({ register: made, eventLoopMonitoringPrecision: lagPrecisionMs });
  for (const { name } of made.getMetricsAsArray()) {
    if (!wanted.test(name)) made.removeSingleMetric(name);
  }
  return made;
}

function plain({ labels, value, metricName }: Sample): Sample {
  const texts = Object.entries(labels).map(([name, label]) => [name, String(label)]);
  return {
    labels: Object.fromEntries(texts),
    value,
    ...(metricName !== undefined && { metricName }),
  };
}
