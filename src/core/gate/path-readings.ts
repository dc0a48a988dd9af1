import { resolvePath } from './path.ts';
import { decodePath } from './path-decoding.ts';
import { describe, lenienciesFor, readLeniently } from './path-leniency.ts';

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

const dotSegment = /\\|(?:^|\/)\.{1,2} *(?:[/;?]|$)/;

/** Most characters that are read for one path in all its readings. */
const maxCharacters = 40_000;

/** Longest path, and most segments, that are read in more ways than nginx's. */
const maxPathLength = 2_048;
const maxSegments = 256;

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
  const first = { path: resolved, how: 'as nginx resolves it' };
  if (isPlain(path)) return { resolved, all: [first], isComplete: true, hasDots: false };
  if (path.length > maxPathLength || path.split('/', maxSegments + 2).length > maxSegments + 1) {
    return { resolved, all: [first], isComplete: false, hasDots: true };
  }
  const found = new Map([[resolved, first]]);
  const texts = decodePath(path, resolved);
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
      if (characters > maxCharacters) return result(false);
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
