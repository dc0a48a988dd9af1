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

/** A number of a gauge, with its labels. */
export interface Reading<Key extends MetricKey> {
  readonly labels: LabelsOf<Key>;
  readonly value: number;
}

/**
 * The metrics of this process. Each is begun once, by whoever knows its numbers, and read at a scrape.
 * A new one takes a line in definitions.ts and one of these calls.
 */
export interface MetricSet {
  counter<Key extends KeyOf<'counter'>>(key: Key): Counter<LabelsOf<Key>>;
  histogram<Key extends KeyOf<'histogram'>>(key: Key): Histogram<LabelsOf<Key>>;
  /** `read` is called at each scrape; it is to be quick, and must not throw. */
  gauge<Key extends KeyOf<'gauge'>>(key: Key, read: () => readonly Reading<Key>[]): void;
  /** All of them as they are now. */
  families(): Family[];
}

/** Builds an empty set. */
export function createMetricSet(): MetricSet {
  const sources = new Map<MetricKey, () => readonly Sample[]>();

  function begin(key: MetricKey, read: () => readonly Sample[]): void {
    if (sources.has(key)) throw new Error(`the metric ${key} was started twice`);
    sources.set(key, read);
  }

  return {
    counter(key) {
      const counter = new Counter<LabelsOf<typeof key>>();
      begin(key, () => counter.samples());
      // A number that nobody added to yet is 0, where there is but one.
      if (definitions[key].labels.length === 0) counter.cell({} as LabelsOf<typeof key>);
      return counter;
    },
    histogram(key) {
      const { name, buckets }: Definition = definitions[key];
      const histogram = new Histogram<LabelsOf<typeof key>>(name, buckets ?? []);
      begin(key, () => histogram.samples());
      return histogram;
    },
    gauge(key, read) {
      begin(key, read);
    },
    families: () =>
      // In the order in which they are documented.
      (Object.keys(definitions) as MetricKey[]).flatMap((key) => {
        const { name, help, type, across }: Definition = definitions[key];
        const values = sources
          .get(key)?.()
          .filter(({ value }) => Number.isFinite(value));
        return values === undefined ? [] : [{ name, help, type, aggregator: across, values }];
      }),
  };
}
