import { trimBlanks } from '../credentials/blanks.ts';
import { containsToken } from '../lib/secret.ts';

/** Matches a name, or with `*` at its end a prefix. */
function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Whether a cookie belongs to the service: its name matches, and the gate does not look for a token in it. */
export function isCookieSelected(
  name: string,
  patterns: readonly string[],
  excludedNames: readonly string[],
): boolean {
  return !excludedNames.includes(name) && patterns.some((pattern) => matches(name, pattern));
}

/**
 * The cookies of a `Cookie` header (RFC 6265, section 5.4) with one of these names, joined again in
 * their order; undefined when there are none. Names are compared byte by byte, and only space and
 * tab are trimmed. Skipped are empty cookies, Postern tokens, and cookies in which the gate looks
 * for a token (`excludedNames`).
 */
export function pickCookies(
  header: string | undefined,
  patterns: readonly string[],
  excludedNames: readonly string[],
): string | undefined {
  const picked = (header?.split(';') ?? []).map(trimBlanks).filter((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return false;
    const name = trimBlanks(pair.slice(0, equals));
    const value = trimBlanks(pair.slice(equals + 1));
    if (value === '' || containsToken(value)) return false;
    return isCookieSelected(name, patterns, excludedNames);
  });
  return picked.length === 0 ? undefined : picked.join('; ');
}
