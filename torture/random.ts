import { drawFrom } from '../fuzz/random.ts';

/** Reproducible random choices. */
export interface Random {
  /** From 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** One of the list; undefined when it is empty. */
  of<T>(list: readonly T[]): T | undefined;
}

/** Creates a generator from a 32-bit seed. */
export function createRandom(seed: number): Random {
  const next = drawFrom(seed);
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    of: (list) => list[Math.floor(next() * list.length)],
  };
}
