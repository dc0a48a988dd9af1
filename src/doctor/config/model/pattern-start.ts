import { matches } from './pattern.ts';

/** How a regular expression relates to all paths that begin with a text. */
export type Relation = 'always' | 'never' | 'perhaps';

/** Patterns that every path matches. */
const always = /^(?:\^|\.\*|\^\.\*|\^\/?\(?\.\*\)?\$?|\^\/|\^\/\(\.\*\)\$?)$/;

/** What depends on the text behind a match: ends, boundaries, looking ahead and behind. */
const looksFurther = /(?<!\\)\$|\\[bBzZGK]|\(\?<?[!=]/;

/** Characters that stand for themselves, at the beginning of an anchored pattern. */
const literalStart = /^\^((?:[\w/~@%&=:,; -]|\\[^\w])*)(.?)/s;

/**
 * Says whether a pattern matches all paths that begin with a text, or none of them. Without an assertion about
 * what follows, a match in the beginning stays one, whatever stands behind it.
 */
export function relateToStart(pattern: string, ignoreCase: boolean, start: string): Relation {
  if (always.test(pattern)) return 'always';
  const open = pattern.replace(/(?:\(\.\*\)|\.\*)\$?$/, '');
  if (start !== '' && !looksFurther.test(open) && matches(open, ignoreCase, start)) return 'always';
  const literal = startOfPattern(pattern);
  const [a, b] = ignoreCase ? [literal.toLowerCase(), start.toLowerCase()] : [literal, start];
  return a.startsWith(b) || b.startsWith(a) ? 'perhaps' : 'never';
}

/** The text that every match of a pattern begins with, at the beginning of the path; empty where there is none. */
export function startOfPattern(pattern: string): string {
  const [, literal = '', next = ''] = literalStart.exec(pattern) ?? [];
  if (hasAlternatives(pattern)) return '';
  // A quantifier is about the last character alone.
  const kept = /[*?{]/.test(next) ? literal.replace(/\\?.$/s, '') : literal;
  return kept.replace(/\\(.)/gs, '$1');
}

/** True where a pattern has several ways side by side that are not in a group. */
function hasAlternatives(pattern: string): boolean {
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}
