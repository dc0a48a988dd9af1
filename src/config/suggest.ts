import { closest, distance } from 'fastest-levenshtein';

/** `; did you mean "listen"?` for a known word at a small edit distance, else empty. */
export function suggest(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(word, known);
  return distance(word, nearest) <= Math.max(2, Math.floor(word.length / 3))
    ? `; did you mean "${nearest}"?`
    : '';
}
