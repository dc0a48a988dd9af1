import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nginxFiles } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';

const render = (...args: string[]) => runCommand(['nginx', 'render', ...args]);

/** A directory with the rendered files in it. */
async function rendered(t: TestContext) {
  const directory = join(temporaryDirectory(t), 'conf');
  succeeded(await render('--out', directory));
  const path = (name: string) => join(directory, name);
  return {
    directory,
    path,
    read: (name: string) => readFileSync(path(name), 'utf8'),
    edit: (name: string, from: string, to: string) =>
      writeFileSync(path(name), readFileSync(path(name), 'utf8').replace(from, to)),
  };
}

test('without a configuration the files of the repository are written, and a second time nothing', async (t) => {
  const { directory, read } = await rendered(t);
  for (const name of ['http', 'server', 'location', 'proxy', 'limits-http', 'limits']) {
    const file = `postern-${name}.conf`;
    assert.equal(read(file), readFileSync(join(nginxFiles, file), 'utf8'));
  }
  const again = await render('--out', directory);
  assert.deepEqual([again.code, again.stdout], [0, '']);
  assert.equal((await render('--check', directory)).code, 0);
  const diff = await render('--diff', directory);
  assert.deepEqual([diff.code, diff.stdout], [0, '']);
});

test('files that nobody changed follow the configuration', async (t) => {
  const { directory, read } = await rendered(t);
  const env = { POSTERN_DEFAULT_GATE_QUERY: 'ticket' };
  const check = await runCommand(['nginx', 'render', '--check', directory], env);
  assert.equal(check.code, 1);
  assert.match(check.stdout, /^postern-location\.conf is out of date$/m);
  assert.match(check.stdout, /^postern-server\.conf is up to date$/m);
  const out = await runCommand(['nginx', 'render', '--out', directory], env);
  assert.equal(
    succeeded(out),
    'postern-http.conf written\npostern-location.conf written\ngates/default.conf written\n',
  );
  assert.match(read('postern-http.conf'), /without the value of "ticket"/);
});

test('a file that was changed by hand is not written over, and nothing else is written then', async (t) => {
  const { directory, edit, read } = await rendered(t);
  edit('postern-http.conf', 'keepalive 32', 'keepalive 64');
  const env = { POSTERN_DEFAULT_GATE_QUERY: 'ticket' };
  const before = read('postern-location.conf');
  const out = await runCommand(['nginx', 'render', '--out', directory], env);
  assert.equal(out.code, 1);
  assert.match(out.stderr, /changed by hand.*\n {2}postern-http\.conf\n.*--diff.*--force/);
  assert.equal(out.stdout, '');
  assert.match(read('postern-http.conf'), /keepalive 64/);
  assert.equal(read('postern-location.conf'), before);
  succeeded(await runCommand(['nginx', 'render', '--out', directory, '--force'], env));
  assert.match(read('postern-http.conf'), /keepalive 32/);
});

test('what is no file of ours at all counts as changed by hand', async (t) => {
  const directory = temporaryDirectory(t);
  for (const text of ['', 'x', '# As rendered: 0123456789abcdef\n', '\n# As rendered: x\n']) {
    writeFileSync(join(directory, 'postern-server.conf'), text);
    assert.equal((await render('--out', directory)).code, 1, text);
    assert.equal(readFileSync(join(directory, 'postern-server.conf'), 'utf8'), text);
    assert.ok(!existsSync(join(directory, 'postern-http.conf')));
  }
});

test('--diff shows what has to change', async (t) => {
  const { directory, edit, read, path } = await rendered(t);
  const http = read('postern-http.conf');
  edit('postern-http.conf', 'keepalive 32;', 'keepalive 64;\n    keepalive_timeout 10s;');
  edit('postern-http.conf', /# As rendered.*\n$/.exec(http)?.[0] ?? '', 'no line break');
  edit('postern-server.conf', 'location ^~ /.postern/auth {', 'location ^~ /auth {');
  writeFileSync(path('postern-limits.conf'), '');
  const { code, stdout, stderr } = await render('--diff', directory);
  assert.equal(code, 1);
  assert.match(stderr, /3 of 11 files differ/);
  assert.match(stdout, /^-location \^~ \/auth \{\n\+location \^~ \/\.postern\/auth \{$/m);
  assert.match(stdout, /^-no line break\n\\ No newline at end of file$/m);
  assert.match(
    stdout,
    /^--- a\/postern-limits\.conf\n\+\+\+ b\/postern-limits\.conf\n@@ -0,0 \+1,/m,
  );
});

test('one file, or all of them, go to standard output', async () => {
  const one = succeeded(await render('--file', 'postern-location.conf'));
  assert.equal(one, readFileSync(join(nginxFiles, 'postern-location.conf'), 'utf8'));
  const all = succeeded(await render());
  assert.ok(all.includes(one));
  assert.match(all, /^# ======== postern-http\.conf$/m);
  const none = await render('--file', 'nginx.conf');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no file nginx\.conf, only postern-http\.conf, /);
});

test('the address of Postern is that of the configuration, or the one that is given', async () => {
  const server = async (listen: string, ...args: string[]) => {
    const all = ['nginx', 'render', '--file', 'postern-http.conf', ...args];
    const text = succeeded(await runCommand(all, { POSTERN_GATE_LISTEN: listen }));
    return /server (.*);/.exec(text)?.[1];
  };
  assert.equal(await server('unix:/run/postern/gate.sock'), 'unix:/run/postern/gate.sock');
  assert.equal(await server('0.0.0.0:9000'), '127.0.0.1:9000');
  assert.equal(await server('[::]:9000'), '[::1]:9000');
  assert.equal(await server('127.0.0.1:9000', '--gate', '10.0.0.5:8420'), '10.0.0.5:8420');
  const swag = ['nginx', 'render', '--flavour', 'swag', '--file', 'postern-server.conf'];
  const text = succeeded(await runCommand(swag, { POSTERN_GATE_LISTEN: '0.0.0.0:9000' }));
  assert.match(
    text,
    /set \$upstream_postern postern;\n\s+proxy_pass http:\/\/\$upstream_postern:9000\/auth;/,
  );
});

test('a wrong command line, a wrong configuration and a directory that cannot be written are told apart', async (t) => {
  const directory = temporaryDirectory(t);
  const usage = [
    ['--flavour', 'apache'],
    ['--out', directory, '--check', directory],
    ['--gate', 'nowhere'],
    ['--gate', 'unix:/a b;'],
    ['--cache-path', 'relative'],
    ['--cache-path', '/a;b'],
  ];
  for (const args of usage) assert.equal((await render(...args)).code, 2, args.join(' '));
  const config = await runCommand(['nginx', 'render'], { POSTERN_DEFAULT_GATE_QUERY: 'a b' });
  assert.equal(config.code, 3);
  writeFileSync(join(directory, 'file'), '');
  const out = await render('--out', join(directory, 'file'));
  assert.equal(out.code, 4);
  assert.match(out.stderr, /^postern: cannot write .*: (EEXIST|ENOTDIR)\n$/);
  mkdirSync(join(directory, 'postern-http.conf'));
  assert.equal((await render('--check', directory)).code, 4);
});

test('purging removes what nginx keeps, and nothing else', async (t) => {
  const directory = temporaryDirectory(t);
  const write = (path: string) => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), '');
  };
  const answer = 'd41d8cd98f00b204e9800998ecf8427e';
  const kept = [`e/27/${answer}`, `e/27/${answer}.0000000001`, answer];
  const others = ['notes.txt', 'e/27/notes', 'a/b/d41d8c', `sub/${answer}`];
  for (const path of [...kept, ...others]) write(path);
  const purge = () => runCommand(['nginx', 'purge', '--cache-path', directory]);
  assert.equal(succeeded(await purge()), '3 cached answers removed.\n');
  for (const path of kept) assert.ok(!existsSync(join(directory, path)), path);
  for (const path of others) assert.ok(existsSync(join(directory, path)), path);
  assert.equal(succeeded(await purge()), '0 cached answers removed.\n');
  const missing = await runCommand(['nginx', 'purge', '--cache-path', join(directory, 'none')]);
  assert.equal(missing.code, 4);
  assert.match(missing.stderr, /^postern: there is no directory /);
});

test('a link in the directory is followed neither to write nor to show, and files are for everybody to read', async (t) => {
  const { directory, path, read } = await rendered(t);
  assert.equal(statSync(path('postern-http.conf')).mode & 0o777, 0o644);
  const outside = join(temporaryDirectory(t), 'secret');
  writeFileSync(outside, 'a secret of others', { mode: 0o600 });
  const linked = join(temporaryDirectory(t), 'conf');
  mkdirSync(linked);
  symlinkSync(outside, join(linked, 'postern-http.conf'));
  const away = join(temporaryDirectory(t), 'conf');
  mkdirSync(away);
  symlinkSync(directory, join(away, 'gates'));
  for (const [where, link] of [
    [linked, 'postern-http.conf'],
    [away, 'gates'],
  ] as const) {
    for (const way of ['--out', '--diff', '--check']) {
      const ended = await render(way, where, ...(way === '--out' ? ['--force'] : []));
      assert.equal(ended.code, 4, way);
      assert.match(ended.stderr, new RegExp(`${link} is a symbolic link, which is not followed`));
      assert.doesNotMatch(ended.stdout + ended.stderr, /a secret of others/);
    }
  }
  assert.equal(readFileSync(outside, 'utf8'), 'a secret of others');
  assert.equal(read('gates/default.conf').length > 100, true);
});
