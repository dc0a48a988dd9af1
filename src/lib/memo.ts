/** Limit on cached results of one function. */
const maxEntries = 1_000;

/**
 * Memoizes a pure function of a text. The cache is cleared when it is full, so a flood of new texts costs
 * cache misses, not memory.
 */
export function memoize<T>(compute: (text: string) => T): (text: string) => T {
  const cache = new Map<string, T>();
  return (text) => {
    const cached = cache.get(text);
    if (cached !== undefined || cache.has(text)) return cached as T;
    const result = compute(text);
    if (cache.size >= maxEntries) cache.clear();
    cache.set(text, result);
    return result;
  };
}

/** Memoizes the last result only, for functions called twice in one decision. */
export function memoizeLast<A, B, T>(compute: (a: A, b: B) => T): (a: A, b: B) => T {
  let last: { readonly a: A; readonly b: B; readonly result: T } | undefined;
  return (a, b) => {
    if (last?.a !== a || last.b !== b) last = { a, b, result: compute(a, b) };
    return last.result;
  };
}
