import type { Family, Snapshot } from './snapshot.ts';

/** Metrics as they are answered. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Makes one text of the metrics of several processes: Prometheus's text format, or OpenMetrics 1.0
 * where the client's `Accept` names it, as Prometheus does.
 */
export async function renderMetrics(
  snapshots: readonly Snapshot[],
  accept: string | undefined,
): Promise<Exposition> {
  const { AggregatorRegistry, Registry } = (await import('prom-client')).default;
  const isOpenMetrics = /\bapplication\/openmetrics-text\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(
    accept ?? '',
  );
  const all = snapshots.map(({ families }) => families.map(isOpenMetrics ? unsuffixed : asIs));
  const registry = AggregatorRegistry.aggregate(all);
  const contentType = isOpenMetrics
    ? Registry.OPENMETRICS_CONTENT_TYPE
    : Registry.PROMETHEUS_CONTENT_TYPE;
  (registry as { setContentType(type: string): void }).setContentType(contentType);
  return { contentType, text: await registry.metrics() };
}

function asIs(family: Family): Family {
  return { ...family, values: family.values.map(canonical) };
}

/** In OpenMetrics a counter has no `_total` in its name; prom-client puts it behind each number. */
function unsuffixed(family: Family): Family {
  const { name, type } = family;
  return { ...asIs(family), name: type === 'counter' ? name.replace(/_total$/, '') : name };
}

/** The bound of a bucket is written as a number with a point (OpenMetrics 1.0, "Canonical numbers"). */
function canonical(sample: Family['values'][number]): Family['values'][number] {
  const { le } = sample.labels;
  if (le === undefined || !/^\d+$/.test(le)) return sample;
  return { ...sample, labels: { ...sample.labels, le: `${le}.0` } };
}
