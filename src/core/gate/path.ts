/**
 * The path as nginx understands it, which is what its locations match: decoded, slashes merged
 * (`merge_slashes on`, the default), dot segments resolved (ngx_http_parse.c). Takes the path of a
 * request target without its query. Undefined where nginx answers 400: broken percent-encoding, a zero
 * byte, dot segments that leave the root.
 */
export function resolvePath(path: string): string | undefined {
  const bytes = percentBytes(path);
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
    // What ends in a slash, or in a dot segment, names a directory.
    if (isLast && (segment === '' || segment === '.' || segment === '..')) resolved.push('');
  }
  return `/${resolved.join('/')}`;
}

/** True when the path is the prefix or lies below it: `/ws` covers `/ws/1` and not `/wsx`. */
export function isBelow(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/';
}

/** Percent-decoded, one character a byte; undefined when the encoding is broken. */
export function percentBytes(path: string): string | undefined {
  let isBroken = false;
  const decoded = path.replace(/%(..?)?/g, (_, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9a-f]{2}$/i.test(digits)) isBroken = true;
    return String.fromCharCode(Number.parseInt(digits ?? '', 16));
  });
  return isBroken ? undefined : decoded;
}

/** Text of bytes, one a character, without capitals (in UTF-8, where it is that): for comparisons alone. */
export function foldCase(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text.toLowerCase();
  // The Kelvin sign is a capital of k, and the long s one that s has as a capital.
  const folded = Buffer.from(text, 'latin1').toString('utf8').toUpperCase().toLowerCase();
  return Buffer.from(folded, 'utf8').toString('latin1');
}
