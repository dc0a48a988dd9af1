import type { Across } from './definitions.ts';

/** One number, as prom-client passes it on. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Set for parts of a histogram: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/** One metric with its numbers. It goes between processes as JSON. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** How prom-client makes one of several. */
  readonly aggregator: Across;
  readonly values: readonly Sample[];
}

/** All metrics of a process at a moment. */
export interface Snapshot {
  /** Process id. */
  readonly process: number;
  readonly families: readonly Family[];
}

/**
 * Adds what a process counted up to its end to what others before it did: counters go on where it
 * stopped. What it measured (gauges) went with it.
 */
export function addCounted(counted: readonly Family[], last: readonly Family[]): Family[] {
  const sums = new Map(counted.map((family) => [family.name, family]));
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
