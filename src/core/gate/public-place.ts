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

/** What anybody may ask for without a credential. */
export interface PublicPlace {
  readonly methods: readonly string[];
  readonly path: PathPattern;
  /** The pattern for paths without capitals. */
  readonly folded: PathPattern;
}

/**
 * Reads `/healthz` (GET and HEAD), `POST /hooks/*` or `GET|POST =/form`. Returns what is wrong with
 * it as `{ invalid }`.
 */
export function parsePublicPlace(text: string): PublicPlace | { readonly invalid: string } {
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
 * True when one of the places covers the handshake, a denial when that depends on how its path is read.
 * The query never counts. A backend to which capitals are nothing, and nginx after its rewrites, have to
 * find it in a public place as well: else a credential is needed.
 */
export function findPublic(
  places: readonly PublicPlace[],
  handshake: Pick<Handshake, 'method' | 'path' | 'locationPath'>,
): boolean | Deny {
  const fitting = places.filter(({ methods }) => methods.includes(handshake.method));
  if (fitting.length === 0 || handshake.path === undefined) return false;
  const read = readPath(handshake.path);
  if (read === undefined) return false;
  const covers = (path: string) => fitting.some((place) => matchesPath(place.path, path));
  const agreed = requireAgreement(read, covers, (is) => (is ? 'public' : 'not public'));
  if ('differ' in agreed) return deny('ambiguous_path', agreed.differ);
  const coversFolded = ({ path }: { readonly path: string }) =>
    fitting.some(({ folded }) => matchesPath(folded, foldCase(path)));
  const { locationPath } = handshake;
  const rewritten = locationPath === undefined ? read : readDecodedPath(locationPath);
  return (
    agreed.value &&
    read.all.every(coversFolded) &&
    rewritten?.isComplete === true &&
    rewritten.all.every((reading) => covers(reading.path) && coversFolded(reading))
  );
}
