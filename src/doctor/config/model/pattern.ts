import { RE2JS } from 're2js';

/** Texts of a configuration that are matched are short; a long one is not worth the time. */
const maxLength = 512;
/** The same of patterns, and of all counts of a pattern together: each repeats a part of the automaton. */
const maxCounts = 300;

/**
 * Matches a text with a regular expression of nginx (PCRE) in linear time, whatever the expression is: RE2 runs an
 * automaton and never goes back. Undefined where it knows less than PCRE (looking ahead, back references, possessive
 * quantifiers), or where it might take long all the same.
 */
export function matches(pattern: string, ignoreCase: boolean, text: string): boolean | undefined {
  const compiled = text.length > maxLength ? undefined : readPattern(pattern, ignoreCase);
  return compiled?.test(text);
}

function readPattern(pattern: string, ignoreCase: boolean): RE2JS | undefined {
  const key = `${ignoreCase ? 'i' : ''}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known ?? undefined;
  const compiled = compile(pattern, ignoreCase);
  cache.set(key, compiled ?? null);
  return compiled;
}

const cache = new Map<string, RE2JS | null>();

function compile(pattern: string, ignoreCase: boolean): RE2JS | undefined {
  const counts = [...pattern.matchAll(/\d+(?=[,}])/g)].map(([count]) => Number(count));
  const sum = counts.reduce((total, count) => total + count, 0);
  if (pattern.length > maxLength || sum > maxCounts) return undefined;
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch {
    return undefined;
  }
}
