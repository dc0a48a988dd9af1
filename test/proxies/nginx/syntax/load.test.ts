import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needProgram } from '../../../../scripts/programs.ts';
import { matchesPath } from '../../../../src/proxies/nginx/syntax/glob.ts';
import {
  type Directive,
  diskFiles,
  findNginxVersion,
  loadConfiguration,
  NginxSyntaxError,
  readDump,
} from '../../../../src/proxies/nginx/syntax/index.ts';
import { temporaryDirectory } from '../../../../testkit/directory.ts';
import { type ConfigFiles, memoryFiles } from '../../../../testkit/doctor/examine.ts';

function load(files: ConfigFiles) {
  return loadConfiguration('site.conf', memoryFiles(files));
}

const names = (directives: readonly Directive[]): string[] => directives.map(({ name }) => name);

test('an include is replaced by what it brings, wherever it stands', () => {
  const { directives } = load({
    'site.conf': 'a; include one.conf; http { include conf.d/*.conf; z; }',
    'one.conf': 'b; include two.conf;',
    'two.conf': 'c;',
    'conf.d/20.conf': 'y;',
    'conf.d/10.conf': 'x;',
    'conf.d/.hidden.conf': 'w;',
  });
  assert.deepEqual(names(directives), ['a', 'b', 'c', 'http']);
  assert.deepEqual(names(directives[3]?.block?.directives ?? []), ['x', 'y', 'z']);
  assert.equal(directives[2]?.place.file, 'two.conf');
});

test('relative includes are looked up beside the main file, also those of an included file', () => {
  const files = memoryFiles({
    '/etc/nginx/nginx.conf': 'include sub/one.conf;',
    '/etc/nginx/sub/one.conf': 'include two.conf;',
    '/etc/nginx/two.conf': 'found;',
  });
  assert.deepEqual(names(loadConfiguration('/etc/nginx/nginx.conf', files).directives), ['found']);
});

test('an include in a circle is refused with its way round', () => {
  assert.throws(
    () =>
      load({
        'site.conf': 'include a.conf;',
        'a.conf': '\n include b.conf;',
        'b.conf': 'include a.conf;',
      }),
    /^NginxSyntaxError: b\.conf:1:1: this include goes in a circle: a\.conf includes b\.conf includes a\.conf\.$/,
  );
});

test('a missing file is kept as a directive and listed; a pattern may match nothing', () => {
  const { missing, directives } = load({
    'site.conf': 'include /no/such.conf;\ninclude /no/*.conf;',
  });
  assert.deepEqual(
    missing.map(({ place }) => place.line),
    [1],
  );
  assert.deepEqual(names(directives), ['include']);
});

test('a fault in an included file is reported there', () => {
  assert.throws(
    () => load({ 'site.conf': 'include a.conf;', 'a.conf': 'x;\ny {' }),
    /a\.conf:2:1: the block "y"/,
  );
  assert.throws(() => load({ 'site.conf': 'include;' }), /site\.conf:1:1: include takes one file/);
  assert.throws(() => load({}), /site\.conf: there is no such file/);
});

test('files are read from disk, and absolute includes from below a root', (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'config/nginx/confs'), { recursive: true });
  writeFileSync(
    join(root, 'config/nginx/nginx.conf'),
    'include /config/nginx/confs/*.conf; include proxy.conf;',
  );
  writeFileSync(join(root, 'config/nginx/confs/a.conf'), 'a;');
  writeFileSync(join(root, 'config/nginx/proxy.conf'), 'b;');
  const { directives } = loadConfiguration('/config/nginx/nginx.conf', diskFiles(root));
  assert.deepEqual(names(directives), ['a', 'b']);
  assert.throws(
    () => loadConfiguration('/config/nginx/confs', diskFiles(root)),
    (error) =>
      error instanceof NginxSyntaxError &&
      /is not a regular file but a directory/.test(error.message),
  );
});

test('the output of nginx -V -T is the configuration with its names and the version', (t) => {
  const directory = temporaryDirectory(t);
  const main = join(directory, 'nginx.conf');
  writeFileSync(
    main,
    `pid ${directory}/pid;\nevents {}\nhttp {\n include ${directory}/sites/*;\n}\n`,
  );
  mkdirSync(join(directory, 'sites'));
  writeFileSync(join(directory, 'sites/a'), '\nserver { listen 127.0.0.1:1; }\n');
  const { stdout, stderr, status } = spawnSync(
    needProgram('nginx'),
    ['-V', '-T', '-c', main, '-e', join(directory, 'error.log')],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const dump = readDump(stderr + stdout);
  assert.equal(dump?.main, main);
  const { directives, files } = loadConfiguration(dump.main, dump.files);
  const server = directives.find(({ name }) => name === 'http')?.block?.directives[0];
  assert.deepEqual(server?.place, { file: join(directory, 'sites/a'), line: 2, column: 1 });
  assert.equal(files.length, 2);
  assert.match(findNginxVersion(stderr) ?? '', /^\d+\.\d+\.\d+$/);
  assert.equal(readDump('server { }'), undefined);
});

const patterns: readonly [pattern: string, path: string, fits: boolean][] = [
  ['/a/*.conf', '/a/b.conf', true],
  ['/a/*.conf', '/a/b/c.conf', false],
  ['/a/*', '/a/.b', false],
  ['/a/.*', '/a/.b', true],
  ['/a/?.conf', '/a/b.conf', true],
  ['/a/[a-c].conf', '/a/b.conf', true],
  ['/a/[!a-c].conf', '/a/b.conf', false],
  ['/a/[z-a].conf', '/a/b.conf', false],
  ['/a/b+(c).conf', '/a/b+(c).conf', true],
  ['/*/x.conf', '/a/x.conf', true],
  ['/a/*b*c', '/a/xbbxc', true],
  ['/a/*b*c', '/a/xbbx', false],
  ['/a/**', '/a/', true],
  ['/a/[]]x', '/a/]x', true],
];

for (const [pattern, path, fits] of patterns) {
  test(`${pattern} ${fits ? 'names' : 'does not name'} ${path}`, () => {
    assert.equal(matchesPath(pattern, path), fits);
  });
}
