import { RE2JS } from 're2js';

/** Texts of a configuration that are matched are short; a long one is not worth the time. */
const maxLength = 512;
/** The same of patterns, and of all counts of a pattern together: each repeats a part of the automaton. */
const maxCounts = 300;

/**
 * Matches a text with a regular expression of nginx (PCRE) in linear time, whatever the expression is: RE2 runs an
 * automaton and never goes back. Undefined where it knows less than PCRE (back references, possessive quantifiers,
 * most of looking ahead), or where it might take long all the same.
 */
export function matches(pattern: string, ignoreCase: boolean, text: string): boolean | undefined {
  const found = capture(pattern, ignoreCase, text);
  return found === undefined ? undefined : found !== null;
}

/** The same, with what the groups of the expression caught; null where it does not match. */
export function capture(
  pattern: string,
  ignoreCase: boolean,
  text: string,
): RegExpExecArray | null | undefined {
  const compiled = text.length > maxLength ? undefined : readPattern(pattern, ignoreCase);
  if (compiled === undefined) return undefined;
  const { expression, start, ahead } = compiled;
  if (start !== undefined) {
    const found = start.exec(text);
    if (found === null) return null;
    const rest = text.slice((found[0] as string).length);
    if (ahead.some((one) => one.expression.test(rest) !== one.isWanted)) return null;
  }
  // It has the form of JavaScript's, but for the word.
  return expression.exec(text) as RegExpExecArray | null;
}

/** The names of an expression's groups, which become variables. */
export function groupsOf(pattern: string): string[] {
  return [...pattern.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name = '']) => name);
}

/** An expression, and what it looks ahead for behind its beginning. */
interface Compiled {
  readonly expression: RE2JS;
  readonly start: RE2JS | undefined;
  readonly ahead: readonly { readonly expression: RE2JS; readonly isWanted: boolean }[];
}

function readPattern(pattern: string, ignoreCase: boolean): Compiled | undefined {
  const key = `${ignoreCase ? 'i' : ''}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known ?? undefined;
  const compiled = compile(pattern, ignoreCase);
  cache.set(key, compiled ?? null);
  return compiled;
}

const cache = new Map<string, Compiled | null>();

function compile(pattern: string, ignoreCase: boolean): Compiled | undefined {
  const counts = [...pattern.matchAll(/\d+(?=[,}])/g)].map(([count]) => Number(count));
  const sum = counts.reduce((total, count) => total + count, 0);
  if (pattern.length > maxLength || sum > maxCounts) return undefined;
  const read = (text: string) => RE2JS.compile(text, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  try {
    const { start, ahead, rest } = splitAhead(pattern);
    return {
      expression: read(start + rest),
      start: ahead.length > 0 ? read(start) : undefined,
      ahead: ahead.map(({ text, isWanted }) => ({ expression: read(`^(?:${text})`), isWanted })),
    };
  } catch {
    return undefined;
  }
}

/**
 * RE2 does not look ahead. What people write, `^/(?!api/)`, has a beginning of plain characters, behind which there
 * is one place to look from: so the parts can be matched one by one.
 */
function splitAhead(pattern: string) {
  const ahead: { text: string; isWanted: boolean }[] = [];
  const start = /^\^(?:[\w/~@%&=:,; -]|\\[^\w])*(?=\(\?[!=])/.exec(pattern)?.[0] ?? '';
  let rest = pattern.slice(start.length);
  while (start !== '' && /^\(\?[!=]/.test(rest)) {
    const end = endOfGroup(rest);
    const text = rest.slice(3, end);
    // A group would have a number, and an anchor would mean the beginning of the rest.
    if (/(?:^|[^\\])\((?!\?:)|\^|\\[bBAGK]/.test(text)) break;
    ahead.push({ text, isWanted: rest[2] === '=' });
    rest = rest.slice(end + 1);
  }
  // Neither is a quantifier of looking ahead, nor another way beside it, taken apart like this.
  const isPlain = ahead.length === 0 || (!/^[*+?{]/.test(rest.trimStart()) && !rest.includes('|'));
  return isPlain ? { start, ahead, rest } : { start: '', ahead: [], rest: pattern };
}

/** Where the group at the beginning of a text is closed; behind its end where it is not. */
function endOfGroup(text: string): number {
  let depth = 0;
  let isInClass = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (isInClass) isInClass = character !== ']';
    else if (character === '[') isInClass = true;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at;
  }
  return text.length;
}
