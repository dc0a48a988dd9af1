import { resolvePath } from './path.ts';
import { decodePath } from './path-decoding.ts';
import { describeReading, lenienciesFor, readLeniently } from './path-leniency.ts';

/**
 * One interpretation of a path. nginx chooses the location by the normalized path, but forwards the path
 * as sent (`proxy_pass` without a URI part, or with variables), and frameworks normalize that differently.
 */
export interface PathReading {
  /** Starts with a slash; one character a byte, as patterns expect. */
  readonly path: string;
  /** For people: `as nginx resolves it`, `as sent`, `decoded, slashes merged`. */
  readonly how: string;
}

/** All readings of a path, without duplicates. */
export interface PathReadings {
  /** As nginx normalizes it (see resolvePath). The first of `all`. */
  readonly resolved: string;
  readonly all: readonly [PathReading, ...PathReading[]];
  /** False where a limit was reached, so that readings are missing. */
  readonly isComplete: boolean;
  /** Whether some reading has a dot segment, or a `\\`: it could resolve to any path. */
  readonly hasDots: boolean;
}

const dotSegment = /\\|(?:^|\/)\.{1,2} *(?:[/;?]|$)/;

/** Limit on the characters of all readings of one path together. */
const maxCharacters = 40_000;

/** Longer paths, or paths with more segments, are read only as nginx reads them. */
const maxPathLength = 2_048;
const maxSegments = 256;

/** A path that has one reading only. */
const isPlain = (path: string) => !/[%\\;?]|\/\/|[. ](?:\/|$)/.test(path);

/**
 * Enumerates the readings of a path that known proxies and frameworks have (parser differentials): decoded
 * not at all, in part, once or twice; slashes merged or not; dot segments resolved or not; various
 * leniencies. The same for the path that nginx normalized, which a backend receives where `proxy_pass` has
 * a URI part. Undefined where nginx answers 400.
 */
export function readPath(path: string): PathReadings | undefined {
  const resolved = resolvePath(path);
  if (resolved === undefined) return undefined;
  const first = { path: resolved, how: 'as nginx normalizes it' };
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
      if (!found.has(read)) found.set(read, { path: read, how: describeReading(how, leniency) });
    }
  }
  return result(true);
}

/** The readings of a path that is decoded already, such as nginx's `$uri`. */
export function readDecodedPath(path: string): PathReadings | undefined {
  return path.startsWith('/') ? readPath(path.replaceAll('%', '%25')) : undefined;
}
