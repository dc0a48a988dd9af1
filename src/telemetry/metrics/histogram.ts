import type { Sample } from './snapshot.ts';

/** One labelled series of a histogram. */
export class Series {
  readonly #bounds: readonly number[];
  /** Counts per bucket, not cumulative; the last one holds values above all bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Linear search: most observations fall into the first buckets. */
  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  /** The samples in Prometheus's form: cumulative buckets, sum and count. */
  samples(name: string, labels: Sample['labels']): Sample[] {
    let count = 0;
    const buckets = [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, bucket) => {
      count += this.#counts[bucket] as number;
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

/** A histogram with a series for each combination of labels. */
export class Histogram<Labels extends Readonly<Record<string, string>>> {
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: Series }>();

  constructor(name: string, bounds: readonly number[]) {
    this.#name = name;
    this.#bounds = bounds;
  }

  /** The series of these labels; created empty. Hot paths keep it. */
  series(labels: Labels): Series {
    const key = Object.values(labels).join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = new Series(this.#bounds);
    this.#series.set(key, { labels, series });
    return series;
  }

  samples(): Sample[] {
    return [...this.#series.values()].flatMap(({ labels, series }) =>
      series.samples(this.#name, labels),
    );
  }
}
