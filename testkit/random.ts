/** Random choices that come out the same for the same seed, on every machine. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 up to, and not including, `below`. */
  below(below: number): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** True once in so many times. */
  oneIn(times: number): boolean;
  /** One of the list. Throws when it is empty. */
  pick<T>(list: readonly T[]): T;
}

/**
 * Numbers from 0 to below 1, from 32 bits of state (mulberry32): good enough to choose inputs by, and
 * fast.
 */
function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Builds one from a seed of 32 bits. */
export function createRandom(seed: number): Random {
  const next = drawFrom(seed);
  const below = (most: number) => Math.floor(next() * most);
  return {
    next,
    below,
    between: (least, most) => least + below(most - least + 1),
    oneIn: (times) => below(times) === 0,
    pick: (list) => {
      if (list.length === 0) throw new Error('there is nothing to pick from');
      return list[below(list.length)] as never;
    },
  };
}

/** A seed for something with a name, so that targets do not all see the same choices. */
export function seedFor(seed: number, name: string): number {
  let mixed = seed >>> 0;
  for (const char of name) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return mixed;
}

/** Up to `most` pieces, one after the other. */
export function several(random: Random, most: number, make: () => string): string[] {
  return Array.from({ length: random.below(most + 1) }, make);
}
