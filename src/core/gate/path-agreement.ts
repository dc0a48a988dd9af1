import type { PathReadings } from './path-readings.ts';

/** What all readings of a path agree on, or which of them differ, in words for the log. */
export type Agreement<T> = { readonly value: T } | { readonly differ: string };

/**
 * What a rule says about a path, if it says the same about every reading of it: where readings differ,
 * nobody can tell which of them the backend will have. `show` puts a value into words without secrets.
 */
export function requireAgreement<T>(
  { all, isComplete }: PathReadings,
  judge: (path: string) => T,
  show: (value: T) => string,
): Agreement<T> {
  const [first] = all;
  const value = judge(first.path);
  for (const { path, how } of all) {
    const other = judge(path);
    if (other !== value) {
      return { differ: `${first.how}: ${show(value)}; ${how}: ${show(other)}` };
    }
  }
  return isComplete ? { value } : { differ: 'too many readings' };
}
