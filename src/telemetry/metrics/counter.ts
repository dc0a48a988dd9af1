import type { Sample } from './snapshot.ts';

/** One labelled series of a counter. Hot paths keep it and add to `value` directly. */
export interface CounterSeries {
  value: number;
}

/** A monotonic counter with a series for each combination of labels that occurred. */
export class Counter<Labels extends Readonly<Record<string, string>>> {
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: CounterSeries }>();

  /** The series of these labels; it starts at 0. */
  series(labels: Labels): CounterSeries {
    const key = Object.values(labels).join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = { value: 0 };
    this.#series.set(key, { labels, series });
    return series;
  }

  /** Adds to a series; for events that are rare. */
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
