import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../src/lib/resources.ts';

/** What every feature may use: the domain, the store's port, the configuration, the HTTP toolkit. */
const feature = ['core/', 'lib/', 'store/port/', 'config/config.ts', 'http/'];

/**
 * The plan of the house: each room of `src`, and what it may import beside its own files. A folder below
 * another one has a rule of its own where it differs; the longest match counts. `*` is everything.
 */
const directions: Readonly<Record<string, readonly string[]>> = {
  // The ground: small things that know nothing of Postern, then the domain, which is pure.
  'lib/': [],
  'core/model/': ['lib/'],
  'core/gate/': ['lib/', 'core/model/'],
  'core/decision/': ['lib/', 'core/model/', 'core/gate/'],
  'credentials/': ['lib/', 'core/'],
  'config/': ['lib/', 'core/'],
  // Outer things that several features use.
  'store/port/': ['lib/', 'core/model/'],
  'store/sqlite/': ['lib/', 'core/model/', 'store/port/'],
  'store/': ['store/port/', 'store/sqlite/store.ts'],
  'http/': [
    ...['lib/', 'core/model/'],
    ...['config/socket-activation.ts', 'config/listen-address.ts', 'config/config-error.ts'],
  ],
  'telemetry/': ['core/', 'lib/', 'store/port/', 'config/config.ts', 'http/'],
  'cluster/': [
    ...['lib/', 'core/model/', 'store/port/', 'config/listen-address.ts'],
    'telemetry/metrics/',
  ],
  'proxies/': [
    ...['lib/', 'core/gate/', 'core/model/source-name.ts'],
    ...['config/config.ts', 'config/listen-address.ts'],
  ],
  'proxies/nginx/syntax/': ['lib/'],
  // Features: routes, service, schemas and types of one thing.
  'admin-keys/': feature,
  'assertions/': feature,
  'tokens/': feature,
  'jwt/': feature,
  'throttle/': [...feature, 'cluster/bus.ts', 'cluster/messages.ts'],
  'audit/': [...feature, 'telemetry/sampler.ts'],
  'maintenance/': feature,
  'oauth/': feature,
  'sign-on/': [
    ...[...feature, 'cluster/bus.ts', 'cluster/messages.ts'],
    ...['credentials/blanks.ts', 'credentials/token-text.ts'],
  ],
  'admission/': [
    ...feature,
    ...['proxies/subrequest-headers.ts', 'telemetry/tracing/tracing.ts', 'maintenance/reload.ts'],
  ],
  'sessions/': [...feature, 'admission/read-subrequest.ts'],
  // Programs that stand beside the service.
  'doctor/remedy.ts': [],
  'doctor/config/': ['doctor/remedy.ts', 'lib/', 'core/gate/', 'proxies/nginx/'],
  'doctor/probe/': ['doctor/remedy.ts', 'lib/', 'core/model/'],
  // What wires all of it together, and what people call.
  'app/': [
    ...[...feature, 'store/open.ts', 'config/', 'credentials/', 'cluster/', 'telemetry/'],
    ...['admin-keys/', 'assertions/', 'tokens/', 'jwt/', 'throttle/', 'audit/', 'maintenance/'],
    ...['oauth/', 'sign-on/', 'admission/', 'sessions/'],
  ],
  'demo/': [
    ...['app/start.ts', 'config/load.ts', 'config/listen-address.ts', 'proxies/nginx/'],
    ...['telemetry/log/log.ts', 'lib/'],
  ],
  'cli/': ['*'],
};

/** Where each package may be imported, and where its types may be beside that. */
const packages: Readonly<Record<string, { in: readonly string[]; types?: readonly string[] }>> = {
  fastify: {
    in: ['app/', 'http/bodies.ts'],
    types: ['http/', 'sessions/', 'telemetry/metrics/', 'audit/', 'tokens/'],
  },
  '@fastify/swagger': { in: ['app/'] },
  '@fastify/type-provider-typebox': { in: [], types: ['app/', ...routes()] },
  '@fastify/cookie': { in: ['app/'], types: ['sessions/cookie.ts'] },
  '@fastify/formbody': { in: ['http/'] },
  'better-sqlite3': { in: ['store/sqlite/'] },
  pino: { in: ['telemetry/log/'], types: ['app/', 'cli/', 'cluster/'] },
  typebox: { in: ['config/', 'http/', ...routes()] },
  jose: { in: ['jwt/', 'assertions/sign.ts'] },
  undici: { in: ['sign-on/connections.ts'] },
  'lru-cache': {
    in: [
      ...['sign-on/', 'jwt/', 'store/sqlite/', 'tokens/verify.ts'],
      ...['throttle/leaky-buckets.ts', 'sessions/refusal-sampler.ts'],
    ],
  },
  'prom-client': { in: ['telemetry/metrics/'] },
  '@opentelemetry/api': { in: ['telemetry/tracing/'] },
  'csv-parse': { in: ['cli/'] },
  yaml: { in: ['config/', 'cli/'] },
  re2js: { in: ['doctor/config/model/pattern.ts'] },
  commander: { in: ['cli/'] },
  diff: { in: ['lib/unified-diff.ts'] },
  'fastest-levenshtein': { in: ['config/'] },
  ws: { in: ['demo/', 'doctor/probe/'] },
};

/** Rooms with routes of the admin API or of `/.postern/`. */
function routes(): readonly string[] {
  return [
    ...['admin-keys/', 'admission/', 'assertions/', 'audit/', 'jwt/', 'oauth/', 'sessions/'],
    ...['sign-on/routes.ts', 'telemetry/metrics/', 'throttle/', 'tokens/'],
  ];
}

/** The room of a file: the longest entry of the plan that fits. */
function roomOf(file: string): string | undefined {
  return Object.keys(directions)
    .filter((room) => file.startsWith(room))
    .sort((a, b) => b.length - a.length)[0];
}

interface Import {
  readonly file: string;
  /** A path below src, the name of a package, or `node:…`. */
  readonly what: string;
  readonly ours: boolean;
  readonly typeOnly: boolean;
}

const source = join(packageRoot, 'src');
const files = globSync('**/*.ts', { cwd: source }).sort();
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(source, file), 'utf8')));

function importsOf(file: string, text: string): Import[] {
  const statements =
    /^(?:import|export)\b(?<type> type\b)?(?:[^;'"]*?\bfrom)?\s*['"](?<from>[^'"]+)['"]/gm;
  const calls = /\bimport\(\s*['"](?<from>[^'"]+)['"]/g;
  return [...text.matchAll(statements), ...text.matchAll(calls)].map(({ groups = {} }) => {
    const from = groups.from ?? '';
    const ours = from.startsWith('.');
    return {
      file,
      what: ours ? relative(source, join(source, dirname(file), from)) : packageOf(from),
      ours,
      typeOnly: groups.type !== undefined,
    };
  });
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isIn(place: string, file: string): boolean {
  return place === '*' || (place.endsWith('/') ? file.startsWith(place) : file === place);
}

/** Every import that the rules forbid, as `file imports what`. */
function offences(isAllowed: (one: Import) => boolean): string[] {
  return imports
    .filter((one) => !isAllowed(one))
    .map(({ file, what }) => `${file} imports ${what}`);
}

test('every file of src is in a room of the plan, and every room has files', () => {
  assert.deepEqual(
    files.filter((file) => roomOf(file) === undefined),
    [],
  );
  const rooms = new Set(files.map(roomOf));
  assert.deepEqual(
    Object.keys(directions).filter((room) => !rooms.has(room)),
    [],
  );
});

test('imports go in the directions of the plan', () => {
  const forbidden = offences(({ file, what, ours }) => {
    const room = roomOf(file);
    if (!ours || room === undefined) return true;
    return [room, ...(directions[room] ?? [])].some((allowed) => isIn(allowed, what));
  });
  assert.deepEqual(forbidden, []);
});

test('only store/open.ts and the commands on its files know an engine of the store', () => {
  assert.deepEqual(
    offences(
      ({ file, what }) =>
        !what.startsWith('store/sqlite/') ||
        ['store/', 'cli/store/'].some((room) => isIn(room, file)),
    ),
    [],
  );
});

test('no two rooms need each other', () => {
  const needs = new Map<string, Set<string>>();
  for (const { file, what, ours } of imports) {
    const [from, to] = [roomOf(file), roomOf(what)];
    if (!ours || from === undefined || to === undefined || from === to) continue;
    needs.set(from, (needs.get(from) ?? new Set()).add(to));
  }
  assert.deepEqual(
    findCircles([...needs.keys()], (room) => [...(needs.get(room) ?? [])]),
    [],
  );
});

test('what is imported of ours exists', () => {
  assert.deepEqual(
    offences(({ what, ours }) => !ours || files.includes(what)),
    [],
  );
});

test('each package stays in its place', () => {
  const forbidden = offences(({ file, what, ours, typeOnly }) => {
    if (ours || what.startsWith('node:')) return true;
    const rule = packages[what];
    const places = [...(rule?.in ?? []), ...(typeOnly ? (rule?.types ?? []) : [])];
    return places.some((place) => isIn(place, file));
  });
  assert.deepEqual(forbidden, []);
});

test('Node’s own modules are imported by their node: names', () => {
  assert.deepEqual(
    offences(({ what }) => !builtinModules.includes(what)),
    [],
  );
});

test('core is pure: no HTTP, no files, no processes and no clock', () => {
  const banned = ['node:http', 'node:https', 'node:fs', 'node:child_process', 'node:timers'];
  assert.deepEqual(
    offences(({ file, what }) => !isIn('core/', file) || !banned.includes(what)),
    [],
  );
  assert.deepEqual(filesWith(/\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(/, ['core/']), []);
});

test('the environment is read in config only', () => {
  const elsewhere = Object.keys(directions).filter((place) => place !== 'config/');
  assert.deepEqual(filesWith(/\bprocess\s*\.\s*env\b|\benv\b.*=\s*process\b/, elsewhere), []);
});

function filesWith(pattern: RegExp, places: readonly string[]): string[] {
  return files
    .filter((file) => places.some((place) => isIn(place, file)))
    .filter((file) => pattern.test(readFileSync(join(source, file), 'utf8')));
}

test('no file imports itself by a detour, types included', () => {
  const below = new Map(files.map((file) => [file, [] as string[]]));
  for (const { file, what, ours } of imports) if (ours) below.get(file)?.push(what);
  assert.deepEqual(
    findCircles(files, (file) => below.get(file) ?? []),
    [],
  );
});

/** Every circle in a graph, as `a imports b imports a`. */
function findCircles(nodes: readonly string[], next: (node: string) => readonly string[]) {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      circles.push([...path.slice(path.indexOf(node)), node].join(' imports '));
      return;
    }
    if (done.has(node)) return;
    for (const one of next(node)) visit(one, [...path, node]);
    done.add(node);
  };
  for (const node of nodes) visit(node, []);
  return circles;
}

test('all forms of import are seen', () => {
  const text = `
import { a } from './a.ts';
import type { B } from '../b.ts';
import c, {
  type D,
} from 'pkg/deep';
import '@scope/name/file';
export * from './e.ts';
export type { F } from './f.ts';
export function from() { return 'no import'; }
const g = await import('./g.ts');
`;
  const seen = importsOf('cli/x.ts', text).map(({ what, typeOnly }) => [what, typeOnly]);
  assert.deepEqual(seen, [
    ['cli/a.ts', false],
    ['b.ts', true],
    ['pkg', false],
    ['@scope/name', false],
    ['cli/e.ts', false],
    ['cli/f.ts', true],
    ['cli/g.ts', false],
  ]);
  assert.ok(imports.length > 100, 'the files of src were read');
});
