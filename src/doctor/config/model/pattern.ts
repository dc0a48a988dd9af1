/** Texts of a configuration that are matched are short; a long one is not worth the time. */
const maxLength = 512;

/**
 * Matches a text with a regular expression of nginx (PCRE); undefined where JavaScript's differ too
 * much to be sure, or where it might take too long.
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
  return compiled?.exec(text);
}

/** The names of an expression's groups, which become variables. */
export function groupsOf(pattern: string): string[] {
  return [...pattern.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name = '']) => name);
}

/** Groups as variables, by number and by name, as `rewrite` has them. */
export function variablesOf(found: RegExpExecArray): ReadonlyMap<string, string> {
  const numbered = [...found].map((value, index) => [String(index), value ?? ''] as const);
  return new Map([...numbered.slice(1), ...Object.entries(found.groups ?? {})]);
}

function readPattern(pattern: string, ignoreCase: boolean): RegExp | undefined {
  const key = `${ignoreCase ? 'i' : ''}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known ?? undefined;
  const compiled = compile(pattern, ignoreCase);
  cache.set(key, compiled ?? null);
  return compiled;
}

const cache = new Map<string, RegExp | null>();

function compile(pattern: string, ignoreCase: boolean): RegExp | undefined {
  const isForeign = /\(\?[>|#RP&+\d]|\\[AGKQZz]|[*+?}]\+|\[\[:/.test(pattern);
  // One repetition in another may take for ever, and so may many in a row.
  const isSlow = /\([^()]*[*+}][^()]*\)[*+{]/.test(pattern) || pattern.split(/[*+{]/).length > 12;
  if (isForeign || isSlow || pattern.length > 500) return undefined;
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest, [...new Set(`${flags}${ignoreCase ? 'i' : ''}`)].join(''));
  } catch {
    return undefined;
  }
}
