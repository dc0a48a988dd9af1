import { foldCase, resolvePath } from './path.ts';

/** One segment: literal text, or the text before and after a `*`. */
type Segment = string | { readonly before: string; readonly after: string };

/** A parsed pattern of paths. */
export interface PathPattern {
  /** As written. */
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Whether all paths below match too. */
  readonly includesSubpaths: boolean;
}

/** The relation of two sets. `narrower`: the first is a subset of the second. */
export type Relation = 'equal' | 'narrower' | 'wider' | 'disjoint' | 'overlapping';

/**
 * Parses a pattern: `/api` matches that path and all below it, `=/healthz` that path alone. `*` matches
 * one segment or a part of one (`/files/*.json`), `/**` at the end all paths below. Returns the problem
 * as `{ invalid }`.
 */
export function parsePathPattern(text: string): PathPattern | { readonly invalid: string } {
  const isExact = text.startsWith('=');
  const path = isExact ? text.slice(1) : text;
  if (!path.startsWith('/') || /[?#\s\p{Cc}]/u.test(path)) {
    return { invalid: 'a path starts with / and has neither a query nor spaces' };
  }
  if (path.includes('%') || resolvePath(toBytes(path)) !== toBytes(path)) {
    return { invalid: 'write the path as nginx normalizes it: decoded, without //, . and ..' };
  }
  const segments = toBytes(path).slice(1).split('/');
  const isPattern = path.includes('*');
  if (isPattern && isExact) return { invalid: '= is for a path without *' };
  const isOpen = isPattern ? segments.at(-1) === '**' : !isExact;
  if (isOpen && (isPattern || segments.at(-1) === '')) segments.pop();
  const parsed: Segment[] = [];
  for (const segment of segments) {
    const [before = '', after, ...more] = segment.split('*');
    if (more.length > 0) {
      return { invalid: 'one * a segment, and ** only as the last one' };
    }
    parsed.push(after === undefined ? segment : { before, after });
  }
  return { text, segments: parsed, includesSubpaths: isOpen };
}

/** The pattern for case-folded paths. */
export function foldPathPattern(pattern: PathPattern): PathPattern {
  return {
    ...pattern,
    segments: pattern.segments.map((segment) =>
      typeof segment === 'string'
        ? foldCase(segment)
        : { before: foldCase(segment.before), after: foldCase(segment.after) },
    ),
  };
}

/** True when a normalized path (see resolvePath) matches. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  // Stops at the pattern's last segment: paths may be long, and there may be many patterns.
  let at = 1;
  for (const segment of pattern.segments) {
    if (at > path.length) return false;
    const slash = path.indexOf('/', at);
    const end = slash === -1 ? path.length : slash;
    if (!matchesSegment(segment, path.slice(at, end))) return false;
    at = end + 1;
  }
  return pattern.includesSubpaths || at > path.length;
}

function matchesSegment(segment: Segment, text: string): boolean {
  if (typeof segment === 'string') return segment === text;
  const { before, after } = segment;
  const isLongEnough = text !== '' && text.length >= before.length + after.length;
  return isLongEnough && text.startsWith(before) && text.endsWith(after);
}

/** The relation of the sets of two patterns. */
export function relatePaths(a: PathPattern, b: PathPattern): Relation {
  const shared = Math.min(a.segments.length, b.segments.length);
  const parts: Relation[] = [relateLengths(a, b)];
  for (let i = 0; i < shared; i++) {
    parts.push(relateSegments(a.segments[i] as Segment, b.segments[i] as Segment));
  }
  if (parts.includes('disjoint')) return 'disjoint';
  if (parts.includes('overlapping')) return 'overlapping';
  const isNarrower = parts.includes('narrower');
  const isWider = parts.includes('wider');
  if (isNarrower && isWider) return 'overlapping';
  return isNarrower ? 'narrower' : isWider ? 'wider' : 'equal';
}

function relateLengths(a: PathPattern, b: PathPattern): Relation {
  const [m, n] = [a.segments.length, b.segments.length];
  if (a.includesSubpaths && b.includesSubpaths)
    return m === n ? 'equal' : m > n ? 'narrower' : 'wider';
  if (a.includesSubpaths) return n >= m ? 'wider' : 'disjoint';
  if (b.includesSubpaths) return m >= n ? 'narrower' : 'disjoint';
  return m === n ? 'equal' : 'disjoint';
}

function relateSegments(a: Segment, b: Segment): Relation {
  if (typeof a === 'string') {
    if (typeof b === 'string') return a === b ? 'equal' : 'disjoint';
    return matchesSegment(b, a) ? 'narrower' : 'disjoint';
  }
  if (typeof b === 'string') return matchesSegment(a, b) ? 'wider' : 'disjoint';
  const isIn = a.before.startsWith(b.before) && a.after.endsWith(b.after);
  const isAround = b.before.startsWith(a.before) && b.after.endsWith(a.after);
  if (isIn && isAround) return 'equal';
  if (isIn) return 'narrower';
  if (isAround) return 'wider';
  const meet =
    (a.before.startsWith(b.before) || b.before.startsWith(a.before)) &&
    (a.after.endsWith(b.after) || b.after.endsWith(a.after));
  return meet ? 'overlapping' : 'disjoint';
}

/**
 * Sorts more specific patterns first: negative when `a` comes first. A subset always precedes its
 * superset.
 */
export function comparePaths(a: PathPattern, b: PathPattern): number {
  return (
    b.segments.length - a.segments.length ||
    Number(a.includesSubpaths) - Number(b.includesSubpaths) ||
    literalLength(b) - literalLength(a) ||
    literalSegments(b) - literalSegments(a)
  );
}

function literalLength({ segments }: PathPattern): number {
  return segments.reduce(
    (sum, segment) =>
      sum +
      (typeof segment === 'string' ? segment.length : segment.before.length + segment.after.length),
    0,
  );
}

function literalSegments({ segments }: PathPattern): number {
  return segments.filter((segment) => typeof segment === 'string').length;
}

/** UTF-8 bytes, one character each, as in the paths of resolvePath. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
