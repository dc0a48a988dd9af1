import { Counter } from './counter.ts';
import {
  type Definition,
  definitions,
  type KeyOf,
  type LabelsOf,
  type MetricKey,
} from './definitions.ts';
import { Histogram } from './histogram.ts';
import type { Family, Sample } from './snapshot.ts';

/** A labelled value of a gauge. */
export interface GaugeSample<Key extends MetricKey> {
  readonly labels: LabelsOf<Key>;
  readonly value: number;
}

/**
 * Registry of this process's metrics. Each metric is registered once, by its owner, and read at a
 * scrape. A new metric takes a line in definitions.ts and one of these calls.
 */
export interface MetricRegistry {
  counter<Key extends KeyOf<'counter'>>(key: Key): Counter<LabelsOf<Key>>;
  histogram<Key extends KeyOf<'histogram'>>(key: Key): Histogram<LabelsOf<Key>>;
  /** `read` runs at each scrape; it must be fast and must not throw. */
  gauge<Key extends KeyOf<'gauge'>>(key: Key, read: () => readonly GaugeSample<Key>[]): void;
  /** The current values of all metrics. */
  families(): Family[];
}

/** Creates an empty registry. */
export function createMetricRegistry(): MetricRegistry {
  const sources = new Map<MetricKey, () => readonly Sample[]>();

  function register(key: MetricKey, read: () => readonly Sample[]): void {
    if (sources.has(key)) throw new Error(`the metric ${key} was started twice`);
    sources.set(key, read);
  }

  return {
    counter(key) {
      const counter = new Counter<LabelsOf<typeof key>>();
      register(key, () => counter.samples());
      // A counter without labels is exported as 0 before its first event.
      if (definitions[key].labels.length === 0) counter.series({} as LabelsOf<typeof key>);
      return counter;
    },
    histogram(key) {
      const { name, buckets }: Definition = definitions[key];
      const histogram = new Histogram<LabelsOf<typeof key>>(name, buckets ?? []);
      register(key, () => histogram.samples());
      return histogram;
    },
    gauge(key, read) {
      register(key, read);
    },
    families: () =>
      // In the documented order.
      (Object.keys(definitions) as MetricKey[]).flatMap((key) => {
        const { name, help, type, aggregation }: Definition = definitions[key];
        const values = sources
          .get(key)?.()
          .filter(({ value }) => Number.isFinite(value));
        return values === undefined ? [] : [{ name, help, type, aggregator: aggregation, values }];
      }),
  };
}
