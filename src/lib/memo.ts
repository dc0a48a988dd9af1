/** Most results that are remembered of one function. */
const most = 1_000;

/**
 * A pure function of a text that remembers its results. Whoever sends ever new texts makes it forget
 * all of them now and then, and no more.
 */
export function memoize<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found as T;
    const result = read(text);
    if (known.size >= most) known.clear();
    known.set(text, result);
    return result;
  };
}

/** A pure function of a text that remembers its last result, for what is asked twice in one decision. */
export function memoizeLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) };
    return last.result;
  };
}
