import { decodePercentBytes } from './path.ts';
import { readLeniently, strict } from './path-leniency.ts';

/** What a path is before its slashes and dots are looked at. */
export interface DecodedPath {
  readonly text: string;
  /** Empty for the path as sent. */
  readonly how: string;
}

/** All texts that some software looks at, the shortest way to each first. */
export function decodePath(path: string, resolved: string): readonly DecodedPath[] {
  const sent = decodeNecessary(path);
  const once = decodePercentBytes(path) ?? path;
  const unmerged = readLeniently(once, { ...strict, dots: true });
  const decoded: readonly DecodedPath[] = [
    { text: sent, how: '' },
    { text: once, how: 'decoded' },
    { text: decodeValid(once), how: 'decoded twice' },
    // As URL parsers have it (WHATWG URL, RFC 3986, section 6.2.2.2).
    { text: sent.replace(/%2e/gi, '.'), how: 'dots decoded' },
    { text: sent.replace(unreserved, fromHex), how: 'letters and digits decoded' },
    { text: resolved, how: 'resolved by nginx' },
    { text: decodeValid(resolved), how: 'resolved by nginx, decoded' },
    { text: unmerged, how: 'resolved by nginx' },
    { text: decodeValid(unmerged), how: 'resolved by nginx, decoded' },
  ];
  const texts = new Map<string, DecodedPath>();
  for (const one of decoded) {
    if (!texts.has(one.text)) texts.set(one.text, one);
  }
  for (const one of [...texts.values()].flatMap((each) => [...cut(each), ...withoutHosts(each)])) {
    if (!texts.has(one.text)) texts.set(one.text, one);
  }
  return [...texts.values()];
}

/**
 * What is left where `?`, `#` or `;` ends the path: nginx sends them decoded where `proxy_pass` has `$uri`, and some
 * routers take `;` for the beginning of the query.
 */
function cut({ text, how }: DecodedPath): DecodedPath[] {
  const at = text.search(/[?#;]/);
  if (at === -1) return [];
  const path = text.slice(0, at);
  return [
    {
      text: path === '' ? '/' : path,
      how: [how, 'cut short'].filter((one) => one !== '').join(', '),
    },
  ];
}

/** What `new URL(path, base)` makes of a path with two slashes: what follows them is a host. */
function withoutHosts({ text, how }: DecodedPath): DecodedPath[] {
  const found: DecodedPath[] = [];
  const slashes = /[/\\]{2,}[^/\\]*/g;
  for (const { 0: host, index } of text.matchAll(slashes)) {
    if (found.length === maxHosts) break;
    const behind = text.slice(index + host.length);
    const path = `${text.slice(0, index)}${behind === '' ? '/' : behind}`;
    found.push({
      text: path,
      how: [how, 'behind a host'].filter((part) => part !== '').join(', '),
    });
  }
  return found;
}

/** Most hosts that are looked for in one text. */
const maxHosts = 4;

/**
 * Decodes what nobody can send but encoded (RFC 3986, sections 2 and 3.3): there is one way to write it,
 * so it tells no two paths apart. `\\` is left out, which browsers take for a slash where it is not encoded.
 */
function decodeNecessary(path: string): string {
  return path.replace(/%(?:[89a-f][0-9a-f]|[01][0-9a-f]|7f|2[02]|3[ce]|5e|60|7[bcd])/gi, fromHex);
}

/** Encoded characters that mean the same unencoded (RFC 3986, section 2.3). */
const unreserved = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** Decodes what can be decoded, and leaves the rest as it is. */
function decodeValid(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, fromHex);
}
function fromHex(encoded: string): string {
  return String.fromCharCode(Number.parseInt(encoded.slice(1), 16));
}
