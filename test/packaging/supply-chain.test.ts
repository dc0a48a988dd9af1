import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLicence, isAllowedLicence } from '../../scripts/licence-rules.ts';
import { readInstalledLicence, readLockedPackages } from '../../scripts/lock-file.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Bill {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { 'bom-ref': string; purl: string } };
  readonly components: readonly {
    'bom-ref': string;
    purl: string;
    properties?: readonly { name: string }[];
    hashes: readonly { alg: string; content: string }[];
    licenses: readonly object[];
  }[];
  readonly dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const locked = readLockedPackages(packageRoot);
/** What `npm:node@22.0.0` stands for; a plain version is one of the package that has the name. */
function aliased(name: string, wanted: string): { name: string; version: string } {
  const [, other, version] = /^npm:(.+)@([^@]+)$/.exec(wanted) ?? [];
  return { name: other ?? name, version: version ?? wanted };
}

/** https://github.com/package-url/purl-spec, type npm. */
function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

test('package.json names exact versions, and the lock file has the same', () => {
  const named = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, wanted] of Object.entries(named)) {
    const { version } = aliased(name, wanted);
    assert.match(version, exact, name);
    const found = locked.find(({ path }) => path === `node_modules/${name}`);
    assert.equal(found?.version, version, name);
  }
});

test('the lock file has a hash for every package and names no registry', () => {
  const text = read('package-lock.json');
  // A workspace is resolved to its folder.
  assert.doesNotMatch(text, /"resolved": "(?!testkit\/)|https?:\/\/[^"]*\.tgz/);
  for (const { path, integrity } of locked) assert.match(integrity, /^sha512-/, path);
});

test('`node` in the checkout is the pinned Node.js, not the older one of the test of the package', () => {
  const { devDependencies } = JSON.parse(read('testkit/node22/package.json')) as Manifest;
  const expected = {
    'node_modules/.bin/node': manifest.devDependencies.node,
    'testkit/node22/node_modules/node/bin/node': devDependencies.node,
  };
  for (const [program, version] of Object.entries(expected)) {
    const path = join(packageRoot, program);
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    assert.equal(stdout.trim(), `v${version}`, `${path}; run npm ci`);
  }
});

test('somebody has decided about every install script, and about nothing else', () => {
  const scripted = locked.filter(({ hasInstallScript }) => hasInstallScript);
  const undecided = scripted.filter(({ name }) => manifest.allowScripts[name] === undefined);
  assert.deepEqual(
    undecided.map(({ name }) => name),
    [],
  );
  const names = new Set(locked.map(({ name }) => name));
  const unknown = Object.keys(manifest.allowScripts).filter((name) => !names.has(name));
  assert.deepEqual(unknown, []);
});

test('nothing that is shipped runs a script when it is installed', () => {
  const shipped = locked.filter(({ need }) => need !== 'development');
  assert.deepEqual(
    shipped.filter(({ name }) => manifest.allowScripts[name] === true).map(({ name }) => name),
    [],
  );
});

test('every package has a licence of the list, in the lock file and in node_modules', () => {
  const faults = locked.flatMap(
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
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const bill = JSON.parse(stdout) as Bill;
  assert.equal(bill.bomFormat, 'CycloneDX');
  // What is left out of the shipped package is marked. `npm sbom --omit=dev` would not do: it also
  // leaves out what is shipped and needed by a development dependency as well.
  const marks = new Map(
    bill.components.map(({ purl, properties = [] }) => [
      purl,
      properties.some(({ name }) => name === 'cdx:npm:package:development'),
    ]),
  );
  const wanted = new Map(
    locked
      .filter(({ path }) => path.startsWith('node_modules/'))
      .map(({ name, version, need }) => [packageUrl(name, version), need === 'development']),
  );
  assert.deepEqual(marks, wanted);
  for (const { purl, hashes, licenses } of bill.components) {
    assert.match(hashes[0]?.content ?? '', /^[0-9a-f]{128}$/, purl);
    assert.equal(licenses.length, 1, purl);
  }
  const uses = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  for (const [ref, used] of uses) {
    for (const one of used) assert.ok(uses.has(one), `${ref} uses ${one}`);
  }
  const root = bill.metadata.component;
  assert.equal(root.purl, packageUrl(manifest.name, manifest.version));
  const urlOf = new Map(bill.components.map((one) => [one['bom-ref'], one.purl]));
  const direct = (uses.get(root['bom-ref']) ?? []).map((ref) => urlOf.get(ref));
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    assert.ok(direct.includes(packageUrl(name, version)), `the root uses ${name}`);
  }
});

test('a lock file of another version, or without hashes, is refused', (t) => {
  const directory = temporaryDirectory(t);
  const write = (lock: object) =>
    writeFileSync(join(directory, 'package-lock.json'), JSON.stringify(lock));
  write({ lockfileVersion: 1, packages: {} });
  assert.throws(() => readLockedPackages(directory), /not of version 3/);
  const packages = { '': { name: 'r', version: '1.0.0' }, 'node_modules/a': { version: '1.0.0' } };
  write({ lockfileVersion: 3, packages });
  assert.throws(
    () => readLockedPackages(directory),
    /node_modules\/a has no version or no integrity/,
  );
});
