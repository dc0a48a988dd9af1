import { isDeepStrictEqual } from 'node:util';
import { matchesHost, parseHostPattern, relateHosts } from '../../src/core/gate/host-pattern.ts';
import { resolvePath } from '../../src/core/gate/path.ts';
import {
  comparePaths,
  matchesPath,
  type PathPattern,
  parsePathPattern,
  relatePaths,
} from '../../src/core/gate/path-pattern.ts';
import { matchPublicRoute, parsePublicRoute } from '../../src/core/gate/public-route.ts';
import { isDenial } from '../../src/core/model/verdict.ts';
import { parseDuration } from '../../src/lib/duration.ts';
import { expect, type Target } from '../target.ts';
import { handshakeOf } from './sample.ts';

const pieces = [
  ...['/', '/ws', '/rooms/*/ws', '/**', '=/', '*', 'a*b', '*.json', '/a', 'GET ', 'GET|POST '],
  ...['..', '//', '%2f', '\u00e9', '*.example.com', 'app.example.com', ';x', '30d', '5m', '[::1]'],
];

/** Lines: two patterns of paths, a path, and two patterns of hosts. */
export const patterns: Target = {
  seeds: [
    '/rooms/*/ws\n/rooms/**\n/rooms/1/ws\n*.example.com\na.example.com',
    '=/a\n/a\n/a/b\n*.a.example\n*.example',
    '/a*b\n/*b\n/ab\n[::1]\n*.x',
    'POST /hooks/*\nGET|HEAD =/x\n/hooks/1\n30d\n5m',
  ],
  words: [...pieces, '\n'],
  longest: 32_768,
  generate(random) {
    const one = () =>
      Array.from({ length: 1 + random.below(4) }, () => random.pick(pieces)).join('');
    return [`/${one()}`, `/${one()}`, `/${one()}`, one(), one()].join('\n');
  },
  run(text) {
    const [first = '', second = '', path = '', ...hosts] = text.split('\n');
    const outcomes = [
      relate(first, second, path),
      hostsOf(hosts[0] ?? '', hosts[1] ?? ''),
      isOpen(first, path),
    ];
    const duration = parseDuration(second);
    expect(duration === undefined || Number.isSafeInteger(duration), 'a duration is a number');
    return outcomes.join(', ');
  },
};

function relate(first: string, second: string, path: string): string {
  const [a, b] = [parsePathPattern(first), parsePathPattern(second)];
  if ('invalid' in a || 'invalid' in b) return 'invalid';
  const relation = relatePaths(a, b);
  const mirrored = { narrower: 'wider', wider: 'narrower' } as Record<string, string>;
  const back = relatePaths(b, a);
  expect(back === (mirrored[relation] ?? relation), 'a relation looks the same from both sides', {
    relation,
    back,
  });
  expect(Math.sign(comparePaths(a, b)) === -Math.sign(comparePaths(b, a)), 'an order is one');
  if (relation === 'narrower') expect(comparePaths(a, b) < 0, 'a narrower pattern comes first');
  for (const one of [path, ...samples(a), ...samples(b)]) check(a, b, relation, one);
  return relation;
}

/** Paths that are in a pattern, or nearly. */
function samples({ segments, includesSubpaths }: PathPattern): string[] {
  const path = `/${segments.map((one) => (typeof one === 'string' ? one : `${one.before}x${one.after}`)).join('/')}`;
  return includesSubpaths ? [path, `${path}/more`] : [path];
}

function check(a: PathPattern, b: PathPattern, relation: string, path: string): void {
  const resolved = resolvePath(path.replaceAll('%', '%25'));
  if (resolved === undefined) return;
  const [inA, inB] = [matchesPath(a, resolved), matchesPath(b, resolved)];
  const about = { relation, path: resolved };
  if (relation === 'equal') expect(inA === inB, 'equal sets hold the same', about);
  if (relation === 'narrower') expect(!inA || inB, 'a narrower set lies within', about);
  if (relation === 'wider') expect(!inB || inA, 'a wider set lies around', about);
  if (relation === 'disjoint') expect(!inA || !inB, 'disjoint sets share nothing', about);
}

function hostsOf(first: string, second: string): string {
  const [a, b] = [parseHostPattern(first), parseHostPattern(second)];
  if (a === undefined || b === undefined) return 'no host';
  const relation = relateHosts(a, b);
  if ('exact' in a) {
    expect(matchesHost(a, a.exact), 'a host matches itself');
    const isIn = relation === 'equal' || relation === 'narrower';
    expect(matchesHost(b, a.exact) === isIn, 'a host lies in what is around it', relation);
  }
  return relation;
}

function isOpen(place: string, path: string): string {
  const parsed = parsePublicRoute(place);
  if ('invalid' in parsed) return 'no place';
  const [method = 'GET'] = parsed.methods;
  const isIn = matchPublicRoute([parsed], handshakeOf({ method, path }));
  const again = parsePublicRoute(place);
  expect(isDeepStrictEqual(parsed, again), 'a place is read the same each time');
  const other = matchPublicRoute([parsed], handshakeOf({ method: `${method}X`, path }));
  expect(other === false, 'a place is for its own methods');
  return isDenial(isIn) ? 'ambiguous' : isIn ? 'public' : 'not public';
}
