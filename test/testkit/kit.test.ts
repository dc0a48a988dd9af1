import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/lib/resources.ts';

/** Folders with programs of their own, which share the kit with the tests. */
const programs = ['bench', 'fuzz', 'scripts', 'seam', 'soak', 'torture'];

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');

function filesIn(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: packageRoot })).sort();
}

/** Every import of a file of the folders from one of the others, as `file imports file`. */
function importsFrom(folders: readonly string[], others: readonly string[]): string[] {
  return filesIn(...folders).flatMap((file) =>
    [...read(file).matchAll(/\b(?:from|import|import\()\s*'(\.[^']*)'/g)]
      .map(([, path = '']) => normalize(join(dirname(file), path)))
      .filter((path) => others.some((folder) => path.startsWith(`${folder}/`)))
      .map((path) => `${file} imports ${path}`),
  );
}

test('what tests share is in the kit: nothing imports from test, and the product knows no kit', () => {
  assert.ok(importsFrom(['test'], ['testkit']).length > 100);
  assert.deepEqual(importsFrom(['testkit', ...programs], ['test']), []);
  assert.deepEqual(importsFrom(['src'], ['testkit', 'test', ...programs]), []);
});

test('no name of the kit means two things, in it or in the programs that use it', () => {
  const homes = new Map<string, string[]>();
  for (const file of filesIn('testkit')) {
    for (const name of exportsOf(file)) homes.set(name, [...(homes.get(name) ?? []), file]);
  }
  assert.ok(homes.size > 100);
  for (const file of filesIn(...programs)) {
    for (const name of exportsOf(file)) homes.get(name)?.push(file);
  }
  const twice = [...homes].filter(([, files]) => files.length > 1);
  assert.deepEqual(
    twice.map(([name, files]) => `${name}: ${files.join(', ')}`),
    [],
  );
});

function exportsOf(file: string): string[] {
  const form = /^export (?:async )?(?:function|const|interface|type|class) (\w+)/gm;
  // Programs that are started by their path, each with what its framework wants.
  if (/testkit\/servers\/backends\/(?!index)/.test(file)) return [];
  return [...read(file).matchAll(form)].map(([, name = '']) => name);
}

test('the page of the kit names files that are there, and functions that they have', () => {
  const rows = read('testkit/README.md').matchAll(/^\| [^|]+ \| ([^|]*`[^|]+) \| ([^|]+) \|$/gm);
  let count = 0;
  for (const [row, names = '', files = ''] of rows) {
    const paths = [...files.matchAll(/`([^`]+)`/g)].map(([, path]) => `testkit/${path}`);
    for (const path of paths) assert.ok(existsSync(join(packageRoot, path)), row);
    const known = paths.flatMap(exportsOf);
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) {
      assert.ok(known.includes(name), `${name}: ${row}`);
      count++;
    }
  }
  assert.ok(count > 40);
});
