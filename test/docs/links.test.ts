import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const pages = ['README.md', 'SECURITY.md', 'nginx/fixes/README.md'].concat(
  globSync('docs/**/*.md', { cwd: packageRoot }).sort(),
);

/** The anchors of a page: its headings as GitHub names them, and those that are written as HTML. */
function anchorsOf(text: string): Set<string> {
  const outside = text.replace(/^```[\s\S]*?^```$/gm, '');
  const headings = [...outside.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  const written = [...outside.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id);
  return new Set([...headings, ...written]);
}

test('every relative link in the documents leads to a file, and to a heading where it names one', () => {
  const broken: string[] = [];
  let count = 0;
  for (const page of pages) {
    const text = read(page).replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      count++;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(packageRoot, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(read(file)).has(anchor))
        broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 300, `${count} links`);
});

test('docs/README.md leads to every page', () => {
  const index = read('docs/README.md');
  const listed = new Set(
    [...index.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => normalize(join('docs', path))),
  );
  const hidden = globSync('docs/{*.md,nginx/*.md,doctor/README.md,decisions/README.md}', {
    cwd: packageRoot,
  }).filter((page) => page !== 'docs/README.md' && !listed.has(page));
  assert.deepEqual(hidden, []);
});

test('README.md has at most 160 lines', () => {
  assert.ok(read('README.md').trimEnd().split('\n').length <= 160);
});

test('no text asks anybody to run a package by its unscoped name from a registry', () => {
  const texts = [
    ...pages,
    'docker-compose.yml',
    ...globSync(
      ['src/**/*.ts', 'bin/*', 'nginx/**/*', 'docs/examples/*', 'examples/**/*', 'docker/*'],
      { cwd: packageRoot },
    ),
  ].filter((path) => /\.[a-z]+$/.test(path));
  const found = texts.filter((path) => /\b(?:npx|npm exec|bunx|pnpm dlx)\b/.test(read(path)));
  assert.deepEqual(found, []);
});
