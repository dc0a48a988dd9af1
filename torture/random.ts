import { drawFrom } from '../testkit/random.ts';

/** Random choices that can be had again with the same seed. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** One of the list; undefined when it is empty. */
  of<T>(list: readonly T[]): T | undefined;
}

/** Builds one from a seed of 32 bits. */
export function createRandom(seed: number): Random {
  const next = drawFrom(seed);
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    of: (list) => list[Math.floor(next() * list.length)],
  };
}
