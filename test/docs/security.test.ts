import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const isThere = (path: string) => existsSync(join(packageRoot, path));
const pages = ['docs/security.md', 'docs/deployment.md', 'SECURITY.md'];
/** Files whose every test is an attack. */
const attacks = [
  ...globSync('test/attacks/*.test.ts', { cwd: packageRoot }),
  'test/jwt/attacks.test.ts',
];

interface Link {
  readonly page: string;
  readonly text: string;
  readonly path: string;
  readonly anchor: string | undefined;
}

const linkForm = /\[([^\]]+)\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g;
const links = pages.flatMap((page) =>
  [...read(page).matchAll(linkForm)].map(([, text = '', path = '', anchor]): Link => {
    return { page, text, path: path === '' ? page : join(dirname(page), path), anchor };
  }),
);
const toTests = links.filter(({ path }) => path.endsWith('.test.ts'));

/** Names of the tests in a file. What a name is put together from is … */
function testsIn(path: string): string[] {
  const named = /\b(?:test|flavoured|contract)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
  return [...read(path).matchAll(named)].map(([, , name = '']) =>
    name.replace(/\$\{[^}]*\}/g, '…'),
  );
}

/** Names that a test's file has by a function elsewhere. */
function provedIn(path: string): string[] {
  const templates = [
    ...read('testkit/doctor/prove-rule.ts').matchAll(/test\(`([^`]*\$\{code\}[^`]*)`/g),
  ];
  assert.ok(templates.length > 2, 'testkit/doctor/prove-rule.ts names tests by a code');
  return [...read(path).matchAll(/proveRule\('(PD\d+)'/g)].flatMap(([, code = '']) =>
    templates.map(([, template = '']) => template.replace(/\$\{code\}/, code)),
  );
}

test('every test that docs/security.md names is there', () => {
  const missing = toTests.filter(({ text, path }) => {
    const names = isThere(path) ? [...testsIn(path), ...provedIn(path)] : [];
    // In a table of flavours the name stands behind the flavour's.
    return !names.includes(text) && !names.includes(text.replace(/^…: /, ''));
  });
  assert.deepEqual(
    missing.map(({ text, path }) => `${path}: ${text}`),
    [],
  );
  assert.ok(toTests.length > 100);
});

test('every attack that is tested is in docs/security.md', () => {
  assert.ok(attacks.length > 6);
  const named = new Set(toTests.map(({ text, path }) => `${path}: ${text}`));
  const untold = attacks
    .flatMap((path) => testsIn(path).map((name) => `${path}: ${name}`))
    .filter((one) => !named.has(one));
  assert.deepEqual(untold, []);
});

test('links of the pages about security and deployment lead somewhere', () => {
  for (const { page, path, anchor } of links) {
    assert.ok(isThere(path), `${page}: ${path}`);
    if (anchor === undefined) continue;
    const anchors = [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^a-z0-9_ -]/g, '')
        .replaceAll(' ', '-'),
    );
    assert.ok(anchors.includes(anchor), `${page}: ${path}#${anchor}`);
  }
});

test('a row of an attack says what is sent, where it was seen, what has to happen, and by which test', () => {
  const section = read('docs/security.md')
    .split('\n## ')
    .find((part) => part.startsWith('Attacks'));
  const rows = (section ?? '').split('\n').filter((line) => /^\| (?!---|Sent)/.test(line));
  assert.ok(rows.length > 40);
  for (const row of rows) {
    const cells = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    assert.equal(cells.length, 4, row);
    assert.ok(
      cells.every((cell) => cell.trim() !== ''),
      row,
    );
    assert.match(cells[3] ?? '', /\.test\.ts\)$/, row);
  }
});
