import type { PathReadings } from './path-readings.ts';

/** The common result of all readings of a path, or the readings that conflict, in words for the log. */
export type Agreement<T> = { readonly value: T } | { readonly conflict: string };

/**
 * Evaluates a rule for every reading of a path and requires one result, since the backend's reading is
 * unknown. `describe` renders a result in words without secrets.
 */
export function requireAgreement<T>(
  { all, isComplete }: PathReadings,
  evaluate: (path: string) => T,
  describe: (value: T) => string,
): Agreement<T> {
  const [first] = all;
  const value = evaluate(first.path);
  for (const { path, how } of all) {
    const other = evaluate(path);
    if (other !== value) {
      return { conflict: `${first.how}: ${describe(value)}; ${how}: ${describe(other)}` };
    }
  }
  return isComplete ? { value } : { conflict: 'too many readings' };
}
