/**
 * Normalizes a path as nginx does before it matches locations: decoded, slashes merged (`merge_slashes
 * on`, the default), dot segments resolved (ngx_http_parse.c). Takes the path of a request target without
 * its query. Undefined where nginx answers 400: broken percent-encoding, a zero byte, dot segments that
 * leave the root.
 */
export function resolvePath(path: string): string | undefined {
  const bytes = decodePercentBytes(path);
  if (bytes === undefined || bytes.includes('\0')) return undefined;
  const resolved: string[] = [];
  const segments = bytes.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') {
      if (resolved.pop() === undefined) return undefined;
    } else if (segment !== '' && segment !== '.') {
      resolved.push(segment);
    }
    // A trailing slash or dot segment names a directory.
    if (isLast && (segment === '' || segment === '.' || segment === '..')) resolved.push('');
  }
  return `/${resolved.join('/')}`;
}

/** True when the path equals the prefix or is below it: `/ws` covers `/ws/1` and not `/wsx`. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/';
}

/** Percent-decoded, one character a byte; undefined when the encoding is broken. */
export function decodePercentBytes(path: string): string | undefined {
  let isBroken = false;
  const decoded = path.replace(/%(..?)?/g, (_, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9a-f]{2}$/i.test(digits)) isBroken = true;
    return String.fromCharCode(Number.parseInt(digits ?? '', 16));
  });
  return isBroken ? undefined : decoded;
}

/** Case-folds text of bytes, one a character, as UTF-8 where it is valid. For comparisons only. */
export function foldCase(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text.toLowerCase();
  // By way of upper case: the Kelvin sign and the long s fold to k and s.
  const folded = Buffer.from(text, 'latin1').toString('utf8').toUpperCase().toLowerCase();
  return Buffer.from(folded, 'utf8').toString('latin1');
}
