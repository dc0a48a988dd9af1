import { maxSetCookies } from '../core/gate/set-cookie-headers.ts';
import { trimBlanks } from '../credentials/blanks.ts';
import type { AnswerHeaderLines } from './answer-headers.ts';
import { isCookieSelected } from './cookies.ts';

/** Characters of all lines together: nginx reads the whole answer of Postern into a buffer of 16 KiB. */
const maxTotalLength = 8_192;

/** Visible US-ASCII and spaces (RFC 6265, section 4.1.1): no control character ends a header line. */
const line = /^[\x20-\x7e]+$/;

/**
 * The `Set-Cookie` lines (RFC 6265, section 5.2) of a response for the cookies that the service is sent: a
 * name that matches a pattern and is none of the gate's own. Cookies of others are left out. Above the
 * limits there are none at all: one part of a split cookie without the others would end the session.
 */
export function readSetCookies(
  headers: AnswerHeaderLines,
  patterns: readonly string[],
  excludedNames: readonly string[],
): readonly string[] {
  const lines = (headers['set-cookie'] ?? []).filter((text) => {
    const [pair = ''] = text.split(';');
    const equals = pair.indexOf('=');
    const name = trimBlanks(pair.slice(0, Math.max(equals, 0)));
    return line.test(text) && isCookieSelected(name, patterns, excludedNames);
  });
  return withinLimits(lines);
}

/** The lines, or none where they are too many or too long to be passed on together. */
export function withinLimits(lines: readonly string[]): readonly string[] {
  const length = lines.reduce((sum, text) => sum + text.length, 0);
  return lines.length <= maxSetCookies && length <= maxTotalLength ? lines : [];
}
