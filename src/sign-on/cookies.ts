import { trimBlanks } from '../credentials/blanks.ts';
import { isWellFormedSecret, tokenPrefix } from '../lib/secret.ts';

/** Tells the names that a pattern means: itself, or with a `*` at its end whatever starts with it. */
function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/**
 * The cookies with one of these names out of a `Cookie` header (RFC 6265, section 5.4), joined again
 * in their order; undefined when there are none. Names are compared to the octet, and nothing is
 * trimmed but space and tab. An empty one is no credential, and a token of Postern's is nobody else's,
 * nor is a cookie in which the gate looks for one (`never`).
 */
export function pickCookies(
  header: string | undefined,
  patterns: readonly string[],
  never: readonly string[],
): string | undefined {
  const own = (header?.split(';') ?? []).map(trimBlanks).filter((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return false;
    const name = trimBlanks(pair.slice(0, equals));
    const value = trimBlanks(pair.slice(equals + 1));
    if (value === '' || isWellFormedSecret(value, tokenPrefix)) return false;
    return !never.includes(name) && patterns.some((pattern) => matches(name, pattern));
  });
  return own.length === 0 ? undefined : own.join('; ');
}
