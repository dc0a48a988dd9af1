import type { Family, Snapshot } from './snapshot.ts';

/** A metrics response. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Aggregates the metrics of several processes and renders them: as OpenMetrics 1.0 when the
 * `Accept` header names it, as Prometheus does, else in Prometheus's text format.
 */
export async function renderMetrics(
  snapshots: readonly Snapshot[],
  accept: string | undefined,
): Promise<Exposition> {
  const { AggregatorRegistry, Registry } = (await import('prom-client')).default;
  const isOpenMetrics = /\bapplication\/openmetrics-text\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
    accept ?? '',
  );
  const all = snapshots.map(({ families }) =>
    families.map(isOpenMetrics ? withoutTotalSuffix : withCanonicalBounds),
  );
  const registry = AggregatorRegistry.aggregate(all);
  const contentType = isOpenMetrics
    ? Registry.OPENMETRICS_CONTENT_TYPE
    : Registry.PROMETHEUS_CONTENT_TYPE;
  (registry as { setContentType(type: string): void }).setContentType(contentType);
  return { contentType, text: await registry.metrics() };
}

function withCanonicalBounds(family: Family): Family {
  return { ...family, values: family.values.map(canonicalBound) };
}

/**
 * In OpenMetrics the family name of a counter has no `_total`; prom-client appends it to each
 * sample.
 */
function withoutTotalSuffix(family: Family): Family {
  const { name, type } = family;
  return {
    ...withCanonicalBounds(family),
    name: type === 'counter' ? name.replace(/_total$/, '') : name,
  };
}

/** Writes a bucket bound with a decimal point (OpenMetrics 1.0, "Canonical numbers"). */
function canonicalBound(sample: Family['values'][number]): Family['values'][number] {
  const { le } = sample.labels;
  if (le === undefined || !/^\d+$/.test(le)) return sample;
  return { ...sample, labels: { ...sample.labels, le: `${le}.0` } };
}
