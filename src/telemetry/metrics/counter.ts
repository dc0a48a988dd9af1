import type { Sample } from './snapshot.ts';

/** One number of a counter: found once, added to for nothing. */
export interface Cell {
  value: number;
}

/** A number for each combination of labels that occurred, which only grows. */
export class Counter<Labels extends Readonly<Record<string, string>>> {
  readonly #cells = new Map<string, { readonly labels: Labels; readonly cell: Cell }>();

  /** The number of these labels; 0 at first. */
  cell(labels: Labels): Cell {
    const key = Object.values(labels).join('\n');
    const known = this.#cells.get(key);
    if (known !== undefined) return known.cell;
    const cell = { value: 0 };
    this.#cells.set(key, { labels, cell });
    return cell;
  }

  /** For what happens seldom. */
  add(labels: Labels, count = 1): void {
    this.cell(labels).value += count;
  }

  samples(): Sample[] {
    return [...this.#cells.values()].map(({ labels, cell }) => ({ labels, value: cell.value }));
  }
}
