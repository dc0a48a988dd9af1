import { type Deny, deny } from '../model/verdict.ts';
import { type Handshake, isMethod } from './handshake.ts';
import { foldCase } from './path.ts';
import { requireAgreement } from './path-agreement.ts';
import {
  foldPathPattern,
  matchesPath,
  type PathPattern,
  parsePathPattern,
} from './path-pattern.ts';
import { readDecodedPath, readPath } from './path-readings.ts';

/** A route that needs no credential. */
export interface PublicRoute {
  readonly methods: readonly string[];
  readonly path: PathPattern;
  /** The pattern for case-folded paths. */
  readonly folded: PathPattern;
}

/**
 * Parses `/healthz` (GET and HEAD), `POST /hooks/*` or `GET|POST =/form`. Returns the problem as
 * `{ invalid }`.
 */
export function parsePublicRoute(text: string): PublicRoute | { readonly invalid: string } {
  const [first = '', second, ...more] = text.trim().split(/ +/);
  if (more.length > 0) return { invalid: 'write "/path" or "METHOD /path"' };
  const methods = second === undefined ? ['GET', 'HEAD'] : first.split('|');
  if (!methods.every((method) => isMethod(method) && method === method.toUpperCase())) {
    return { invalid: `"${first}" is no method; write "POST /path" or "GET|POST /path"` };
  }
  const path = parsePathPattern(second ?? first);
  if ('invalid' in path) return path;
  return { methods, path, folded: foldPathPattern(path) };
}

/**
 * True when one of the routes matches the handshake. Denies where that depends on the reading of the path.
 * The query is ignored. The case-folded path, and the path after nginx's rewrites, have to match too;
 * otherwise a credential is needed.
 */
export function matchPublicRoute(
  routes: readonly PublicRoute[],
  handshake: Pick<Handshake, 'method' | 'path' | 'locationPath'>,
): boolean | Deny {
  const candidates = routes.filter(({ methods }) => methods.includes(handshake.method));
  if (candidates.length === 0 || handshake.path === undefined) return false;
  const readings = readPath(handshake.path);
  if (readings === undefined) return false;
  const matches = (path: string) => candidates.some((route) => matchesPath(route.path, path));
  const agreed = requireAgreement(readings, matches, (is) => (is ? 'public' : 'not public'));
  if ('conflict' in agreed) return deny('ambiguous_path', agreed.conflict);
  const matchesFolded = ({ path }: { readonly path: string }) =>
    candidates.some(({ folded }) => matchesPath(folded, foldCase(path)));
  const { locationPath } = handshake;
  const rewritten = locationPath === undefined ? readings : readDecodedPath(locationPath);
  return (
    agreed.value &&
    readings.all.every(matchesFolded) &&
    rewritten?.isComplete === true &&
    rewritten.all.every((reading) => matches(reading.path) && matchesFolded(reading))
  );
}
