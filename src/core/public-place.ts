import { type Handshake, isMethod } from './handshake.ts';
import { readPath } from './path.ts';
import {
  foldPathPattern,
  matchesPath,
  type PathPattern,
  parsePathPattern,
} from './path-pattern.ts';

/** What anybody may ask for without a credential. */
export interface PublicPlace {
  readonly methods: readonly string[];
  readonly path: PathPattern;
  /** The pattern for the loosest reading of a path. */
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
 * True when one of the places covers the handshake. Only its path counts, never its query, and only
 * if a backend that reads paths more loosely than nginx finds it in a public place as well.
 */
export function isPublic(
  places: readonly PublicPlace[],
  handshake: Pick<Handshake, 'method' | 'path'>,
): boolean {
  const fitting = places.filter(({ methods }) => methods.includes(handshake.method));
  if (fitting.length === 0 || handshake.path === undefined) return false;
  const read = readPath(handshake.path);
  if (read === undefined) return false;
  return (
    fitting.some(({ path }) => matchesPath(path, read.resolved)) &&
    fitting.some(({ folded }) => matchesPath(folded, read.loose))
  );
}
