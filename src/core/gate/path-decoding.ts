import { decodePercentBytes } from './path.ts';
import { readLeniently, strict } from './path-leniency.ts';

/** A path after percent-decoding, before slashes and dot segments are handled. */
export interface DecodedPath {
  readonly text: string;
  /** For people; empty for the path as sent. */
  readonly how: string;
}

/** Limit on `//host` prefixes that are tried in one path. */
const maxHosts = 4;

/** All decoded forms of a path that some software uses, without duplicates; the simplest derivation first. */
export function decodePath(path: string, resolved: string): readonly DecodedPath[] {
  const sent = decodeNecessary(path);
  const once = decodePercentBytes(path) ?? path;
  const unmerged = readLeniently(once, { ...strict, dots: true });
  const decoded: readonly DecodedPath[] = [
    { text: sent, how: '' },
    { text: once, how: 'decoded' },
    { text: decodeValid(once), how: 'decoded twice' },
    // As URL parsers do (WHATWG URL; RFC 3986, section 6.2.2.2).
    { text: sent.replace(/%2e/gi, '.'), how: 'dots decoded' },
    { text: sent.replace(unreserved, fromHex), how: 'letters and digits decoded' },
    { text: resolved, how: 'normalized by nginx' },
    { text: decodeValid(resolved), how: 'normalized by nginx, decoded' },
    { text: unmerged, how: 'normalized by nginx' },
    { text: decodeValid(unmerged), how: 'normalized by nginx, decoded' },
  ];
  const forms = new Map<string, DecodedPath>();
  const add = (form: DecodedPath) => {
    if (!forms.has(form.text)) forms.set(form.text, form);
  };
  decoded.forEach(add);
  [...forms.values()].flatMap((form) => [...truncated(form), ...withoutHosts(form)]).forEach(add);
  return [...forms.values()];
}

/**
 * The path up to `?`, `#` or `;`. nginx sends these decoded where `proxy_pass` has `$uri`, and some routers
 * take `;` for the start of the query.
 */
function truncated({ text, how }: DecodedPath): DecodedPath[] {
  const at = text.search(/[?#;]/);
  if (at === -1) return [];
  const path = text.slice(0, at);
  return [{ text: path === '' ? '/' : path, how: describe(how, 'cut short') }];
}

/** What `new URL(path, base)` makes of a path with two slashes: the next segment is a host. */
function withoutHosts({ text, how }: DecodedPath): DecodedPath[] {
  const found: DecodedPath[] = [];
  for (const { 0: host, index } of text.matchAll(/[/\\]{2,}[^/\\]*/g)) {
    if (found.length === maxHosts) break;
    const rest = text.slice(index + host.length);
    const path = `${text.slice(0, index)}${rest === '' ? '/' : rest}`;
    found.push({ text: path, how: describe(how, 'behind a host') });
  }
  return found;
}

function describe(how: string, addition: string): string {
  return how === '' ? addition : `${how}, ${addition}`;
}

/**
 * Decodes characters that can only be sent encoded (RFC 3986, sections 2 and 3.3). They have one spelling,
 * so decoding them makes no two paths equal. `\\` is left out: browsers take it for a slash unless it is
 * encoded.
 */
function decodeNecessary(path: string): string {
  return path.replace(/%(?:[89a-f][0-9a-f]|[01][0-9a-f]|7f|2[02]|3[ce]|5e|60|7[bcd])/gi, fromHex);
}

/** Encoded unreserved characters: equal to the characters themselves (RFC 3986, section 2.3). */
const unreserved = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** Decodes valid escapes, and keeps invalid ones. */
function decodeValid(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, fromHex);
}

function fromHex(encoded: string): string {
  return String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
}
