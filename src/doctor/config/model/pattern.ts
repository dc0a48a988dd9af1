/**
 * Turns a regular expression of nginx (PCRE) into one of JavaScript; undefined where the two differ
 * too much to be sure.
 */
export function readPattern(pattern: string, ignoreCase: boolean): RegExp | undefined {
  const known = cache.get(`${ignoreCase}${pattern}`);
  if (known !== undefined) return known ?? undefined;
  const compiled = compile(pattern, ignoreCase);
  cache.set(`${ignoreCase}${pattern}`, compiled ?? null);
  return compiled;
}

const cache = new Map<string, RegExp | null>();

function compile(pattern: string, ignoreCase: boolean): RegExp | undefined {
  // Backtracking without end is possible in every such pattern; long ones are not worth the risk.
  if (pattern.length > 500 || /\(\?[>|#RP&+\d]|\\[AGKQZz]|[*+?}]\+|\[\[:/.test(pattern)) {
    return undefined;
  }
  const [, flags = '', rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  try {
    return new RegExp(rest, [...new Set(`${flags}${ignoreCase ? 'i' : ''}`)].join(''));
  } catch {
    return undefined;
  }
}
