import type { Sample } from './snapshot.ts';

/** One number of a counter: found once, added to for nothing. */
export interface CounterSeries {
  value: number;
}

/** A number for each combination of labels that occurred, which only grows. */
export class Counter<Labels extends Readonly<Record<string, string>>> {
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: CounterSeries }>();

  /** The number of these labels; 0 at first. */
  series(labels: Labels): CounterSeries {
    const key = Object.values(labels).join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = { value: 0 };
    this.#series.set(key, { labels, series });
    return series;
  }

  /** For what happens seldom. */
  add(labels: Labels, count = 1): void {
    this.series(labels).value += count;
  }

  samples(): Sample[] {
    return [...this.#series.values()].map(({ labels, series }) => ({
      labels,
      value: series.value,
    }));
  }
}
