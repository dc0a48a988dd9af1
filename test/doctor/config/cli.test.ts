import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { needProgram } from '../../../scripts/programs.ts';
import { version } from '../../../src/lib/resources.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { applyPatch } from '../../../testkit/doctor/apply-patch.ts';
import { kitOf } from '../../../testkit/doctor/examine.ts';
import { readExample } from '../../../testkit/doctor/pages.ts';
import { failedInOneLine, runCommand } from '../../../testkit/postern/command.ts';
import type { Ended } from '../../../testkit/processes.ts';

const program = join(import.meta.dirname, '../../../src/cli/main.ts');

/** Puts an example on disk. */
function place(t: TestContext, code: string, heading: 'Wrong' | 'Right' = 'Wrong') {
  const directory = temporaryDirectory(t);
  const files = readExample(code, heading);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return { directory, files, main: join(directory, 'site.conf') };
}

/** Runs `postern doctor config` with a text on standard input. */
function pipe(text: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'doctor', 'config', ...args], {
      env: { PATH: process.env.PATH },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said.stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...said }));
    child.stdin.end(text);
  });
}

describe('postern doctor config', { concurrency: 4 }, () => {
  test('a fault is shown with its place and ends with 1', async (t) => {
    const { main } = place(t, 'PD001');
    const { code, stdout, stderr } = await runCommand(['doctor', 'config', main]);
    assert.equal(stderr, '');
    assert.equal(code, 1);
    assert.match(stdout, /^fault PD001 A denied handshake is redirected\n {2}\S+site\.conf:28:9\n/);
    assert.match(stdout, /error_page 401 =302 https:\/\/login\.example\.com\/;/);
    assert.match(stdout, /docs\/doctor\/PD001\.md/);
    assert.match(
      stdout,
      /1 fault, 0 warnings, 1 notice \(1 file, 1 location, 1 of them behind auth_request\)\.\n$/,
    );
    assert.ok(!stdout.includes('\u001b'), 'no colours into a pipe');
  });

  test('what ends with 1 is said by --fail-on', async (t) => {
    const { main } = place(t, 'PD011');
    const codes = ['fault', 'warning', 'notice'].map(async (severity) => {
      const { code } = await runCommand(['doctor', 'config', main, '--fail-on', severity]);
      return code;
    });
    assert.deepEqual(await Promise.all(codes), [0, 1, 1]);
    const wrong = await runCommand(['doctor', 'config', main, '--fail-on', 'nonsense']);
    assert.equal(wrong.code, 2);
  });

  test('what cannot be read is said in one line, and ends with 3', async (t) => {
    const { directory } = place(t, 'PD001');
    const broken = join(directory, 'broken.conf');
    writeFileSync(broken, 'http {\n  server {\n');
    failedInOneLine(
      await runCommand(['doctor', 'config', broken]),
      3,
      /broken\.conf:2:3: the block "server"/,
    );
    failedInOneLine(
      await runCommand(['doctor', 'config', join(directory, 'no.conf')]),
      3,
      /there is no such file/,
    );
    failedInOneLine(
      await runCommand(['doctor', 'config', directory]),
      3,
      /is not a regular file but a directory/,
    );
    writeFileSync(broken, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]));
    failedInOneLine(await runCommand(['doctor', 'config', broken]), 3, /not a text file/);
    const { main } = place(t, 'PD001');
    failedInOneLine(
      await runCommand(['doctor', 'config', main, '--nginx-version', 'new']),
      3,
      /give a version such as/,
    );
  });

  test('standard input takes a piece, or the output of nginx -V -T with its version', async (t) => {
    const { files, directory } = place(t, 'PD023');
    const piece = await pipe(files['site.conf'] ?? '', '-', '--json');
    assert.equal(JSON.parse(piece.stdout).nginx, null);
    const whole = join(directory, 'nginx.conf');
    const text = (files['site.conf'] ?? '').replace('listen 80', 'listen 127.0.0.1:1');
    writeFileSync(whole, `pid ${directory}/pid;\nevents {}\nhttp {\n${text}\n}\n`);
    const nginx = ['-V', '-T', '-c', whole, '-e', join(directory, 'error.log')];
    const { stdout, stderr } = spawnSync(needProgram('nginx'), nginx, { encoding: 'utf8' });
    const dumped = JSON.parse((await pipe(stderr + stdout, '-', '--json')).stdout);
    assert.match(dumped.nginx, /^1\.\d+\.\d+$/);
    assert.equal(dumped.findings[0].place.file, whole);
    assert.equal(dumped.guarded, 1);
  });

  test('--root finds the files of a container', async (t) => {
    const { files } = place(t, 'PD005');
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'config/nginx'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(
        join(root, 'config/nginx', name),
        text.replaceAll('proxy.conf', '/config/nginx/proxy.conf'),
      );
    }
    const { stdout } = await runCommand([
      'doctor',
      'config',
      '/config/nginx/site.conf',
      '--root',
      root,
    ]);
    assert.match(stdout, /warning PD005/);
    assert.match(stdout, /\/config\/nginx\/proxy\.conf:3:1/);
  });

  test('--gates compares with the gates of a postern.yaml, without variables and secrets', async (t) => {
    const { directory, files } = place(t, 'PD030');
    for (const [name, text] of Object.entries(kitOf(files))) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const gates = join(directory, 'postern.yaml');
    const secrets = `
admin: { key_file: /nowhere/key }
default_gate:
  headers: { Authorization: { env: NOT_SET }, X-Key: { file: /nowhere/secret } }
`;
    writeFileSync(gates, `${files['postern.yaml']}${secrets}`);
    const args = ['doctor', 'config', join(directory, 'site.conf')];
    // A variable of the caller's that Postern itself would stumble over.
    const { code, stdout, stderr } = await runCommand([...args, '--gates', gates], {
      POSTERN_NONSENSE: '1',
    });
    assert.equal(stderr, '');
    assert.equal(code, 1);
    assert.match(stdout, /^fault PD030 [^\n]+\n {2}\S+site\.conf:\d+:9\n/);
    assert.match(stdout, /warning PD032 [^\n]+\n {2}\S+postern\.yaml:4:3\n {4}admin:\n/);
    assert.doesNotMatch((await runCommand(args)).stdout, /PD03/);
    const [sarif, json] = await Promise.all(
      ['--sarif', '--json'].map(async (form) => {
        return JSON.parse((await runCommand([...args, '--gates', gates, form])).stdout);
      }),
    );
    assert.ok(sarif.runs[0].results.some(({ ruleId }: { ruleId: string }) => ruleId === 'PD030'));
    assert.deepEqual(json.findings[1].place, { file: gates, line: 4, column: 3 });
  });

  test('a file of gates that cannot be read, or is wrong, ends with 3', async (t) => {
    const { directory, main } = place(t, 'PD001');
    const gates = join(directory, 'gates.yaml');
    const judge = () => runCommand(['doctor', 'config', main, '--gates', gates]);
    const missing = await judge();
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /^postern: .*\n {2}\S+gates\.yaml: cannot be read: ENOENT\n$/);
    writeFileSync(gates, 'gates: [\n');
    const broken = await judge();
    assert.deepEqual([broken.code, broken.stdout], [3, '']);
    assert.match(broken.stderr, /gates\.yaml:2:1/);
    writeFileSync(gates, 'gates:\n  chat: { path: [/ws] }\n');
    const unknown = await judge();
    assert.deepEqual([unknown.code, unknown.stdout], [3, '']);
    assert.match(unknown.stderr, /gates\.yaml:2:11: gates\.chat\.path/);
    writeFileSync(gates, 'data_dir: /var/lib/postern\n');
    const none = await judge();
    assert.match(none.stderr, /has no gates/);
    assert.match(none.stdout, /PD001/);
  });

  test('--json gives each finding with place, evidence and patch', async (t) => {
    const { main } = place(t, 'PD001');
    const { stdout, code } = await runCommand([
      'doctor',
      'config',
      main,
      '--json',
      '--nginx-version',
      '1.22.1',
    ]);
    const report = JSON.parse(stdout);
    assert.equal(code, 1);
    assert.deepEqual(Object.keys(report), [
      ...[
        'nginx',
        'files',
        'locations',
        'guarded',
        'findings',
        'allowed',
        'idleAllowances',
        'knownFiles',
      ],
    ]);
    assert.equal(report.nginx, '1.22.1');
    const [finding] = report.findings;
    assert.deepEqual(Object.keys(finding), [
      ...[
        'code',
        'title',
        'severity',
        'excerpt',
        'evidence',
        'about',
        'meaning',
        'change',
        'place',
        'patch',
      ],
    ]);
    assert.deepEqual(finding.place, { file: main, line: 28, column: 9 });
    assert.match(finding.patch, /^--- .*site\.conf\n\+\+\+ /);
  });

  test('--sarif gives a log of SARIF 2.1.0', async (t) => {
    const { main, files } = place(t, 'PD001');
    const allow =
      '# postern-doctor: allow PD025 measured\n        proxy_pass http://127.0.0.1:9000';
    writeFileSync(
      main,
      (files['site.conf'] ?? '').replace('proxy_pass http://127.0.0.1:9000', allow),
    );
    const { stdout } = await runCommand(['doctor', 'config', main, '--sarif']);
    const { version: sarif, runs } = JSON.parse(stdout);
    const [{ tool, results }] = runs;
    assert.deepEqual([sarif, tool.driver.version], ['2.1.0', version]);
    const [result] = results;
    assert.deepEqual([result.ruleId, result.level], ['PD001', 'error']);
    assert.equal(tool.driver.rules[result.ruleIndex].id, 'PD001');
    const { artifactLocation, region } = result.locations[0].physicalLocation;
    assert.deepEqual([artifactLocation.uri, region], [main, { startLine: 29, startColumn: 9 }]);
    const silenced = results.find(({ ruleId }: { ruleId: string }) => ruleId === 'PD025');
    assert.deepEqual(silenced.suppressions, [{ kind: 'inSource', justification: 'measured' }]);
  });

  test('--fix prints a patch that mends what it can, and writes nothing', async (t) => {
    const { main, files } = place(t, 'PD001');
    const { stdout } = await runCommand(['doctor', 'config', main, '--fix']);
    assert.equal(readFileSync(main, 'utf8'), files['site.conf']);
    const mended = applyPatch({ [main]: files['site.conf'] ?? '' }, stdout);
    for (const [name, text] of Object.entries(mended)) writeFileSync(name, text);
    const again = await runCommand(['doctor', 'config', main]);
    assert.equal(again.code, 0, again.stdout);
    const nothing = await runCommand(['doctor', 'config', main, '--fix']);
    assert.equal(nothing.stdout, '');
  });

  test('colours are for terminals, and not where NO_COLOR is set', (t) => {
    const { main } = place(t, 'PD001');
    const command = [process.execPath, program, 'doctor', 'config', main];
    const show = (env: Record<string, string>) => {
      const script = `import pty, sys\npty.spawn(${JSON.stringify(command)})`;
      const { stdout } = spawnSync(needProgram('python3'), ['-c', script], {
        env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env },
        encoding: 'utf8',
      });
      assert.match(stdout, /PD001/);
      return stdout.includes('\u001b[31mfault');
    };
    assert.deepEqual([show({}), show({ NO_COLOR: '1' })], [true, false]);
  });
});
