import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { findAll } from './configuration.ts';
import { anyText, examplesOf } from './example-texts.ts';
import { examplePath, type GatePlace } from './gate-table.ts';
import type { Scope } from './scope.ts';

/** Paths of one server that are tried; a configuration of people comes nowhere near. */
const maxPaths = 4000;

/** Bases that stand for "any text" in a pattern. */
const maxFillings = 40;

/**
 * Paths that tell the places of gates and the locations of a server apart: each boundary from both
 * sides (`/admin`, `/admin/x`, `/adminx`), and what regular expressions and `rewrite` make of them.
 */
export function pathsToTry(
  server: Scope,
  places: readonly GatePlace[],
  publicPaths: readonly string[],
): readonly string[] {
  const locations = locationsIn(server);
  const literal = locations.flatMap(({ match }) =>
    match !== undefined && 'path' in match ? [match.path] : [],
  );
  const ofGates = places.map(({ path }) => examplePath(path));
  const bases = [...new Set([...ofGates, ...literal.filter(isForClients), ...publicPaths])];
  const paths = new Set<string>(['/', '/x']);
  const add = (path: string): void => {
    if (paths.size < maxPaths && path.startsWith('/')) paths.add(path);
  };
  for (const base of bases) for (const path of around(base)) add(path);
  // Elsewhere nginx looks for a location when it has merged them.
  if (server.value('merge_slashes')?.[0] === 'off') {
    for (const path of ofGates) if (path !== '/') add(`/${path}`);
  }
  const fillings = [...new Set(ofGates.flatMap((path) => [path, `${withoutSlash(path)}/x`]))];
  const patterns = [
    ...locations.flatMap(({ match }) => (match?.kind === 'regex' ? [match.pattern] : [])),
    ...rewritesIn(server).map(({ args }) => args[0] ?? ''),
  ];
  for (const prefix of translated(locations)) {
    for (const filling of fillings) add(`${prefix}${filling.slice(1)}`);
  }
  const rest = [...fillings, ...literal.filter(isForClients)].slice(0, maxFillings);
  for (const pattern of patterns) {
    for (const example of examplesOf(pattern)) {
      for (const path of filled(example, rest)) add(path);
    }
  }
  return [...paths];
}

/** Every location of a server, however deep. */
export function locationsIn(parent: Scope): readonly Scope[] {
  return parent.locations().flatMap((scope) => [scope, ...locationsIn(scope)]);
}

function rewritesIn(server: Scope): readonly Directive[] {
  return findAll(server.directives, 'rewrite');
}

/** Prefixes that `proxy_pass` puts another path in the place of. */
function translated(locations: readonly Scope[]): readonly string[] {
  return locations.flatMap(({ match, directives }) => {
    const isTranslated = directives.some(
      ({ name, args }) => name === 'proxy_pass' && /^\w+:\/\/[^/]+\//.test(args[0] ?? ''),
    );
    if (!isTranslated || match === undefined || !('path' in match)) return [];
    return [match.path, `${withoutSlash(match.path)}/`];
  });
}

/** Postern's own locations are nobody's application. */
function isForClients(path: string): boolean {
  return !path.startsWith('/.postern');
}

function around(base: string): string[] {
  const bare = withoutSlash(base);
  return [base, bare, `${bare}/x`, ...(bare === '' ? [] : [`${bare}x`, `${bare}-x`])];
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function filled(example: string, bases: readonly string[]): string[] {
  if (!example.includes(anyText)) return [example, `${example}x`, `${withoutSlash(example)}/x`];
  const fill = (text: string) => example.replaceAll(anyText, text).replace(/^\/\//, '/');
  const texts = ['', 'x', ...bases.flatMap((base) => [base.slice(1), base])];
  return [...new Set(texts.map(fill))].filter((path) => !path.includes('//'));
}
