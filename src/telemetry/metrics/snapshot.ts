import type { Aggregation } from './definitions.ts';

/** A sample, in prom-client's form. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Set for the parts of a histogram: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/** A metric family. It is sent between processes as JSON. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** How prom-client aggregates several. */
  readonly aggregator: Aggregation;
  readonly values: readonly Sample[];
}

/** All metrics of one process. */
export interface Snapshot {
  /** Process id. */
  readonly process: number;
  readonly families: readonly Family[];
}

/**
 * Adds the last counters of a process that ended to the totals of earlier ones, so that the sum
 * never drops. Gauges are not carried over.
 */
export function addFinalCounts(totals: readonly Family[], last: readonly Family[]): Family[] {
  const sums = new Map(totals.map((family) => [family.name, family]));
  for (const family of last) {
    if (family.type === 'gauge') continue;
    const before = sums.get(family.name)?.values ?? [];
    sums.set(family.name, { ...family, values: addSamples(before, family.values) });
  }
  return [...sums.values()];
}

function addSamples(some: readonly Sample[], more: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>();
  for (const sample of [...some, ...more]) {
    const key = JSON.stringify([sample.metricName, Object.entries(sample.labels).sort()]);
    sums.set(key, { ...sample, value: sample.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}
