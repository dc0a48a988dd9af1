import { percentBytes, resolvePath } from './path.ts';

/**
 * One way to read a path. nginx chooses the location by the path that it resolved, and passes on the
 * path as the client sent it (`proxy_pass` without a URI part, or with variables); what a backend makes
 * of that differs from framework to framework.
 */
export interface PathReading {
  /** Begins with a slash, one character a byte, as patterns are compared with it. */
  readonly path: string;
  /** For people: `as nginx resolves it`, `as sent`, `decoded, slashes merged`. */
  readonly how: string;
}

/** The readings of a path, each path once. */
export interface PathReadings {
  /** As nginx understands it (see resolvePath). It is the first of `all`. */
  readonly resolved: string;
  readonly all: readonly [PathReading, ...PathReading[]];
  /** False where a path is so long, and can be read in so many ways, that not all are there. */
  readonly isComplete: boolean;
  /** Whether some reading has a dot segment, or a `\\`: it may lead to any place there is. */
  readonly hasDots: boolean;
}

/** Most hosts that are looked for in one text. */
const mostHosts = 4;

const dotSegment = /\\|(?:^|\/)\.{1,2} *(?:[/;?]|$)/;

/** Most characters that are read for one path in all its readings. */
const mostCharacters = 40_000;

/** Longest path, and most segments, that are read in more ways than nginx's. */
const longestRead = 2_048;
const mostSegments = 256;

/** What one reading does to a path, beside decoding it. */
interface Leniency {
  /** `\` is a slash (Windows, URLs of browsers). */
  readonly backslashes: boolean;
  /** `;x` at the end of a segment is no part of it (RFC 3986, section 3.3; servlets). */
  readonly parameters: boolean;
  /** Dots and spaces at the end of a segment do not count (file names of Windows). */
  readonly endings: boolean;
  readonly merged: boolean;
  /** Dot segments are resolved; they end at the root. */
  readonly dots: boolean;
}

const strict: Leniency = {
  backslashes: false,
  parameters: false,
  endings: false,
  merged: false,
  dots: false,
};

/** A path in which there is nothing to be read in more than one way. */
const isPlain = (path: string) => !/[%\\;?]|\/\/|[. ](?:\/|$)/.test(path);

/**
 * Reads a path of a request target in every way that some software on the way to a handler is known to:
 * decoded not at all, in part, once or twice; with and without slashes merged and dot segments resolved;
 * more or less leniently; and all that on top of what nginx resolved, which is what a backend receives
 * where `proxy_pass` has a URI part. Undefined where nginx answers 400.
 */
export function readPath(path: string): PathReadings | undefined {
  const resolved = resolvePath(path);
  if (resolved === undefined) return undefined;
  const first = { path: resolved, how: 'as nginx normalizes it' };
  if (isPlain(path)) return { resolved, all: [first], isComplete: true, hasDots: false };
  if (path.length > longestRead || path.split('/', mostSegments + 2).length > mostSegments + 1) {
    return { resolved, all: [first], isComplete: false, hasDots: true };
  }
  const found = new Map([[resolved, first]]);
  const texts = textsOf(path, resolved);
  const hasDots = texts.some(({ text }) => dotSegment.test(text));
  const result = (isComplete: boolean): PathReadings => ({
    resolved,
    all: [...found.values()] as [PathReading, ...PathReading[]],
    isComplete,
    hasDots,
  });
  let characters = 0;
  for (const { text, how } of texts) {
    for (const leniency of lenienciesFor(text)) {
      characters += text.length;
      if (characters > mostCharacters) return result(false);
      const read = readLeniently(text, leniency);
      if (!found.has(read)) found.set(read, { path: read, how: describe(how, leniency) });
    }
  }
  return result(true);
}

/** A path that is decoded already, as `$uri` of nginx is, in all ways that are left. */
export function readDecodedPath(path: string): PathReadings | undefined {
  return path.startsWith('/') ? readPath(path.replaceAll('%', '%25')) : undefined;
}

/** What a path is before its slashes and dots are looked at. */
interface Text {
  readonly text: string;
  /** Empty for the path as sent. */
  readonly how: string;
}

/** All texts that some software looks at, the shortest way to each first. */
function textsOf(path: string, resolved: string): readonly Text[] {
  const sent = decodeNecessary(path);
  const once = percentBytes(path) ?? path;
  const unmerged = readLeniently(once, { ...strict, dots: true });
  const decoded: readonly Text[] = [
    { text: sent, how: '' },
    { text: once, how: 'decoded' },
    { text: decodeValid(once), how: 'decoded twice' },
    // As URL parsers have it (WHATWG URL, RFC 3986, section 6.2.2.2).
    { text: sent.replace(/%2e/gi, '.'), how: 'dots decoded' },
    { text: sent.replace(unreserved, fromHex), how: 'letters and digits decoded' },
    { text: resolved, how: 'normalized by nginx' },
    { text: decodeValid(resolved), how: 'normalized by nginx, decoded' },
    { text: unmerged, how: 'normalized by nginx' },
    { text: decodeValid(unmerged), how: 'normalized by nginx, decoded' },
  ];
  const texts = new Map<string, Text>();
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
function cut({ text, how }: Text): Text[] {
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
function withoutHosts({ text, how }: Text): Text[] {
  const found: Text[] = [];
  const slashes = /[/\\]{2,}[^/\\]*/g;
  for (const { 0: host, index } of text.matchAll(slashes)) {
    if (found.length === mostHosts) break;
    const behind = text.slice(index + host.length);
    const path = `${text.slice(0, index)}${behind === '' ? '/' : behind}`;
    found.push({
      text: path,
      how: [how, 'behind a host'].filter((part) => part !== '').join(', '),
    });
  }
  return found;
}

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

/** The leniencies that make a difference for a text. */
function lenienciesFor(text: string): readonly Leniency[] {
  const either = (matters: boolean) => (matters ? [false, true] : [false]);
  const found: Leniency[] = [];
  for (const backslashes of either(text.includes('\\'))) {
    for (const parameters of either(/[;?]/.test(text))) {
      for (const endings of either(/[. ](?:[/\\;?]|$)/.test(text))) {
        for (const merged of either(/[/\\][/\\.;? ]/.test(text))) {
          for (const dots of either(/[/\\]\./.test(text))) {
            found.push({ backslashes, parameters, endings, merged, dots });
          }
        }
      }
    }
  }
  return found;
}

function readLeniently(text: string, leniency: Leniency): string {
  const { backslashes, parameters, endings, merged, dots } = leniency;
  const path = backslashes ? text.replaceAll('\\', '/') : text;
  const segments = path.split('/').slice(1);
  const read: string[] = [];
  for (const [index, whole] of segments.entries()) {
    const named = parameters ? withoutParameters(whole) : whole;
    const segment = endings ? withoutEnding(named) : named;
    const isDot = segment === '.' || segment === '..';
    if (dots && isDot) {
      if (segment === '..') read.pop();
    } else if (segment !== '' || !merged) {
      read.push(segment);
    }
    const isDirectory = (dots && isDot) || (segment === '' && merged);
    if (index === segments.length - 1 && isDirectory) read.push('');
  }
  return `/${read.join('/')}`;
}

function withoutParameters(segment: string): string {
  const at = segment.search(/[;?]/);
  return at === -1 ? segment : segment.slice(0, at);
}

/** By steps: a regular expression takes time quadratic in the dots here. */
function withoutEnding(segment: string): string {
  let end = segment.length;
  while (end > 0 && segment[end - 1] === ' ') end--;
  const text = segment.slice(0, end);
  if (text === '.' || text === '..') return text;
  while (end > 0 && (segment[end - 1] === ' ' || segment[end - 1] === '.')) end--;
  return segment.slice(0, end);
}

function describe(decoding: string, leniency: Leniency): string {
  const parts = [
    decoding,
    leniency.backslashes ? '\\ as /' : '',
    leniency.parameters ? 'without parameters' : '',
    leniency.endings ? 'without dots and spaces at the end' : '',
    leniency.merged ? 'slashes merged' : '',
    leniency.dots ? 'dot segments resolved' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'as sent' : parts.join(', ');
}
