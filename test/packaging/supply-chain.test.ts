import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderBillOfMaterials } from '../../scripts/cyclonedx.ts';
import { checkLicence, isAllowedLicence } from '../../scripts/licence-rules.ts';
import { readInstalledLicence, readLockFile } from '../../scripts/lock-file.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly {
    'bom-ref': string;
    purl: string;
    scope: string;
    hashes: readonly { alg: string; content: string }[];
    licenses: readonly object[];
  }[];
  readonly dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = readLockFile(packageRoot);
const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

test('package.json names exact versions, and the lock file has the same', () => {
  const named = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(named)) {
    assert.match(version, exact, name);
    const locked = lock.packages.find(({ path }) => path === `node_modules/${name}`);
    assert.equal(locked?.version, version, name);
  }
});

test('the lock file has a hash for every package and names no registry', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved"|https?:\/\/[^"]*\.tgz/);
  for (const { path, integrity } of lock.packages) assert.match(integrity, /^sha512-/, path);
});

test('somebody has decided about every install script, and about nothing else', () => {
  const scripted = lock.packages.filter(({ hasInstallScript }) => hasInstallScript);
  const undecided = scripted.filter(({ name }) => manifest.allowScripts[name] === undefined);
  assert.deepEqual(
    undecided.map(({ name }) => name),
    [],
  );
  const names = new Set(lock.packages.map(({ name }) => name));
  const unknown = Object.keys(manifest.allowScripts).filter((name) => !names.has(name));
  assert.deepEqual(unknown, []);
});

test('nothing that is shipped runs a script when it is installed', () => {
  const shipped = lock.packages.filter(({ need }) => need !== 'development');
  assert.deepEqual(
    shipped.filter(({ name }) => manifest.allowScripts[name] === true).map(({ name }) => name),
    [],
  );
});

test('every package has a licence of the list, in the lock file and in node_modules', () => {
  const faults = lock.packages.flatMap(
    (one) => checkLicence(one, readInstalledLicence(packageRoot, one.path)) ?? [],
  );
  assert.deepEqual(faults, []);
});

const expressions: readonly [expression: string, allowed: boolean][] = [
  ['MIT', true],
  ['(MIT)', true],
  ['MIT OR GPL-3.0-only', true],
  ['(GPL-3.0-only OR Apache-2.0)', true],
  ['MIT AND ISC', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only', false],
  ['MIT OR ISC AND GPL-3.0-only', false],
  ['SEE LICENSE IN LICENSE.txt', false],
  ['UNLICENSED', false],
  ['', false],
];

for (const [expression, allowed] of expressions) {
  test(`the licence "${expression}" is ${allowed ? '' : 'not '}allowed`, () => {
    assert.equal(isAllowedLicence(expression), allowed);
  });
}

test('a licence that is missing, new or told in two ways is named with its package', () => {
  const one = { name: 'left', version: '1.0.0' };
  assert.equal(
    checkLicence({ ...one, licence: undefined }, undefined),
    'left 1.0.0 names no licence in package-lock.json',
  );
  assert.match(checkLicence({ ...one, licence: 'SSPL-1.0' }, undefined) ?? '', /SSPL-1\.0/);
  assert.match(
    checkLicence({ ...one, licence: 'MIT' }, 'AGPL-3.0-only') ?? '',
    /MIT in package-lock\.json and AGPL-3\.0-only in node_modules/,
  );
  assert.equal(checkLicence({ ...one, licence: 'MIT' }, 'MIT'), undefined);
});

test('the bill of materials has every package with hash and licence, and who uses it', () => {
  const text = renderBillOfMaterials(lock);
  assert.equal(renderBillOfMaterials(readLockFile(packageRoot)), text);
  const bill = JSON.parse(text) as Bill;
  assert.deepEqual([bill.bomFormat, bill.specVersion], ['CycloneDX', '1.6']);
  const wanted = new Set(lock.packages.map(({ name, version }) => `${name}@${version}`));
  const found = bill.components.map(({ purl }) =>
    decodeURIComponent(purl.slice('pkg:npm/'.length)),
  );
  assert.deepEqual(new Set(found), wanted);
  assert.equal(found.length, wanted.size);
  for (const { purl, hashes, licenses } of bill.components) {
    assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/, purl);
    assert.equal(licenses.length, 1, purl);
  }
  const known = new Set(bill.dependencies.map(({ ref }) => ref));
  for (const { ref, dependsOn } of bill.dependencies) {
    for (const used of dependsOn) assert.ok(known.has(used), `${ref} uses ${used}`);
  }
  // All that runs is reached from the root; what is left out of the shipped package is marked.
  const scopeOf = new Map(bill.components.map(({ purl, scope }) => [purl, scope]));
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    assert.equal(scopeOf.get(`pkg:npm/${name.replace('@', '%40')}@${version}`), 'required', name);
  }
  for (const [name, version] of Object.entries(manifest.devDependencies)) {
    assert.equal(scopeOf.get(`pkg:npm/${name.replace('@', '%40')}@${version}`), 'excluded', name);
  }
});

test('in the bill of materials a package uses the copy that Node.js would find', (t) => {
  const directory = temporaryDirectory(t);
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  const one = (version: string, dependencies: Record<string, string> = {}) => {
    return { version, integrity, license: 'MIT', dependencies };
  };
  const root = { name: 'root', version: '1.0.0', dependencies: { a: '1.0.0', b: '2.0.0' } };
  const packages = {
    '': root,
    'node_modules/a': one('1.0.0', { b: '^1.0.0', '@s/c': '1.0.0' }),
    'node_modules/a/node_modules/b': one('1.0.0', { '@s/c': '1.0.0' }),
    'node_modules/b': one('2.0.0'),
    'node_modules/@s/c': { ...one('1.0.0', { b: '2.0.0', absent: '1.0.0' }), dev: true },
  };
  const text = JSON.stringify({ lockfileVersion: 3, packages });
  writeFileSync(join(directory, 'package-lock.json'), text);
  const bill = JSON.parse(renderBillOfMaterials(readLockFile(directory))) as Bill;
  assert.deepEqual(
    bill.dependencies.map(({ ref, dependsOn }) => [ref, ...dependsOn]),
    [
      ['pkg:npm/%40s/c@1.0.0', 'pkg:npm/b@2.0.0'],
      ['pkg:npm/a@1.0.0', 'pkg:npm/%40s/c@1.0.0', 'pkg:npm/b@1.0.0'],
      ['pkg:npm/b@1.0.0', 'pkg:npm/%40s/c@1.0.0'],
      ['pkg:npm/b@2.0.0'],
      ['pkg:npm/root@1.0.0', 'pkg:npm/a@1.0.0', 'pkg:npm/b@2.0.0'],
    ],
  );
  assert.deepEqual(
    bill.components.map(({ scope }) => scope),
    ['excluded', 'required', 'required', 'required'],
  );
});

test('a lock file of another version, or without hashes, is refused', (t) => {
  const directory = temporaryDirectory(t);
  const write = (lock: object) =>
    writeFileSync(join(directory, 'package-lock.json'), JSON.stringify(lock));
  write({ lockfileVersion: 1, packages: {} });
  assert.throws(() => readLockFile(directory), /not of version 3/);
  const packages = { '': { name: 'r', version: '1.0.0' }, 'node_modules/a': { version: '1.0.0' } };
  write({ lockfileVersion: 3, packages });
  assert.throws(() => readLockFile(directory), /node_modules\/a has no version or no integrity/);
});
