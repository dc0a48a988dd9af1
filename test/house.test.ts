import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../src/lib/resources.ts';

/**
 * Who may import what of ours, by the longest path that fits. What a place has in itself it may
 * always import. `*` is everything.
 */
const directions: Readonly<Record<string, readonly string[]>> = {
  'core/': [],
  'resources.ts': [],
  'credentials/': ['core/'],
  'regular-file.ts': [],
  'nginx/syntax/': ['core/visible.ts', 'regular-file.ts'],
  'nginx/': ['core/', 'config/config.ts', 'config/listen-address.ts', 'regular-file.ts'],
  'config/': ['core/'],
  'stores/': ['core/', 'resources.ts'],
  'verifiers/': ['core/', 'stores/store.ts'],
  'bridges/': ['core/', 'credentials/blanks.ts', 'credentials/token-text.ts'],
  'signers/': ['core/'],
  'workers/': [
    ...['config/listen-address.ts', 'services/events.ts', 'services/throttle.ts'],
    'services/metrics/',
    'stores/store.ts',
  ],
  'services/': [
    ...['core/', 'config/config.ts', 'stores/store.ts', 'verifiers/', 'signers/'],
    'resources.ts',
  ],
  'http/': [
    ...['core/', 'services/', 'stores/store.ts', 'resources.ts'],
    ...['config/config.ts', 'config/config-error.ts', 'config/listen-address.ts'],
    'config/activation.ts',
  ],
  'throttling.ts': [
    'core/audit.ts',
    'config/config.ts',
    'services/',
    'stores/store.ts',
    'workers/',
  ],
  'outside.ts': ['config/config.ts', 'verifiers/', 'services/', 'bridges/'],
  'wiring.ts': [
    ...['core/', 'config/', 'credentials/', 'verifiers/', 'stores/', 'services/', 'http/'],
    ...['nginx/', 'workers/', 'outside.ts', 'resources.ts'],
  ],
  'compose.ts': [
    ...['core/', 'config/', 'credentials/', 'verifiers/', 'stores/', 'services/', 'http/'],
    ...['nginx/', 'workers/', 'throttling.ts', 'outside.ts', 'wiring.ts', 'resources.ts'],
  ],
  'admin-over-store.ts': [
    ...['config/config.ts', 'http/', 'services/', 'stores/', 'throttling.ts', 'outside.ts'],
    'wiring.ts',
  ],
  'doctor/config/': ['core/', 'nginx/syntax/'],
  'demo/': [
    ...[
      'compose.ts',
      'wiring.ts',
      'core/',
      'config/',
      'credentials/',
      'verifiers/',
      'stores/',
      'services/',
    ],
    ...['http/', 'nginx/', 'bridges/', 'workers/', 'resources.ts'],
  ],
  'doctor/probe/': ['core/'],
  'cli/': ['*'],
};

/** Where each package may be imported, and where its types may be beside that. */
const packages: Readonly<Record<string, { in: readonly string[]; types?: readonly string[] }>> = {
  fastify: { in: ['http/'] },
  '@fastify/swagger': { in: ['http/'] },
  '@fastify/type-provider-typebox': { in: ['http/'] },
  '@fastify/cookie': { in: ['http/'] },
  'better-sqlite3': { in: ['stores/'] },
  pino: { in: ['services/'], types: ['compose.ts', 'cli/', 'workers/'] },
  typebox: { in: ['config/', 'http/'] },
  jose: { in: ['verifiers/', 'signers/'] },
  undici: { in: ['bridges/connections.ts'] },
  'lru-cache': {
    in: [
      ...['bridges/', 'verifiers/', 'stores/'],
      ...['services/attempts.ts', 'services/session-refusals.ts'],
    ],
  },
  'prom-client': { in: ['services/metrics/'] },
  '@opentelemetry/api': { in: ['services/tracing/'] },
  'csv-parse': { in: ['cli/'] },
  '@fastify/formbody': { in: ['http/'] },
  yaml: { in: ['config/', 'cli/'] },
  re2js: { in: ['doctor/config/model/pattern.ts'] },
  commander: { in: ['cli/'] },
  'fastest-levenshtein': { in: ['config/'] },
  ws: { in: ['demo/', 'doctor/probe/'] },
};

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

test('every file of src belongs to a place in the table', () => {
  const places = Object.keys(directions);
  assert.deepEqual(
    files.filter((file) => !places.some((place) => isIn(place, file))),
    [],
  );
});

test('imports go down only', () => {
  const forbidden = offences(({ file, what, ours }) => {
    if (!ours) return true;
    const [place = '', below = []] =
      Object.entries(directions).find(([place]) => isIn(place, file)) ?? [];
    return [place, ...below].some((allowed) => isIn(allowed, what));
  });
  assert.deepEqual(forbidden, []);
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

test('core knows no HTTP, no files, no processes and no clock', () => {
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

test('no file imports itself by a detour', () => {
  // Types are erased, so what refers to each other by `import type` closes no circle.
  const below = new Map(files.map((file) => [file, [] as string[]]));
  for (const { file, what, ours, typeOnly } of imports) {
    if (ours && !typeOnly) below.get(file)?.push(what);
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' imports '));
      return;
    }
    if (done.has(file)) return;
    for (const next of below.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});

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
