import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { openTerminal } from '../../testkit/clients/terminal.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { failedInOneLine, runCommand } from '../../testkit/postern/command.ts';

const program = join(import.meta.dirname, '../../src/cli/main.ts');
const doctor = (...args: string[]) => runCommand(['doctor', 'config', ...args]);

/** Files that have no end, or no beginning. */
function oddFiles(t: TestContext): string[] {
  const directory = temporaryDirectory(t);
  const pipe = join(directory, 'pipe.conf');
  execFileSync('mkfifo', [pipe]);
  const large = join(directory, 'large.conf');
  writeFileSync(large, '');
  truncateSync(large, 5_000_000_000);
  return ['/dev/zero', pipe, large, directory];
}

const secret = 'root:$6$secretsalt$secrethash:19000:0:99999:7:::\n';

describe('hostile files', { concurrency: 4 }, () => {
  test('a device, a pipe, a directory and what is too large are refused with one clear error', async (t) => {
    for (const file of oddFiles(t)) {
      failedInOneLine(await doctor(file), 3, /is not a regular file|is larger than 64 MiB/);
      const including = join(temporaryDirectory(t), 'site.conf');
      writeFileSync(including, `include ${file};\n`);
      failedInOneLine(await doctor(including), 3, /is not a regular file|is larger than 64 MiB/);
      const ended = await runCommand(['token', 'import', file, '--subject', 'x', '--gate', 'x'], {
        POSTERN_ADMIN_KEY: adminKey,
      });
      // A directory of names is what can be imported; there is no service to take them.
      if (file.endsWith('.conf') || file === '/dev/zero') {
        failedInOneLine(ended, 4, /is not a regular file|is larger than 256 MiB/);
      }
    }
  });

  test('standard input without an end is refused', async () => {
    const child = spawn('sh', [
      '-c',
      '"$0" "$1" doctor config - < /dev/zero',
      process.execPath,
      program,
    ]);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual([code, stderr], [3, 'postern: stdin: is larger than 64 MiB.\n']);
  });

  test('expressions and patterns that take a backtracking matcher for ever are judged at once', async (t) => {
    const directory = temporaryDirectory(t);
    const stars = '*a'.repeat(60);
    mkdirSync(join(directory, 'sites'));
    writeFileSync(join(directory, 'sites', 'a'.repeat(250)), '');
    const file = join(directory, 'site.conf');
    writeFileSync(
      file,
      `map $http_upgrade $x { "~^(a|a)+$" 1; "~${'(a*)*'.repeat(90)}$" 2; default ""; }
      include ${directory}/sites/${stars}b;
      server {
        location = /auth { internal; proxy_pass http://127.0.0.1:1; }
        location ~ "^/(a|a)+$" { return 403; }
        location / {
          auth_request /auth;
          if ($x = 1) { return 403; }
          if ($uri ~ "(a|a)+$") { return 403; }
          proxy_pass http://127.0.0.1:2;
        }
        location /${'a'.repeat(400)}/ { auth_request /auth; proxy_pass http://127.0.0.1:2; }
      }`,
    );
    const { code, stdout } = await doctor(file);
    assert.ok([0, 1].includes(code ?? 9));
    assert.match(stdout, /2 of them behind auth_request/);
  });

  test('nothing of a file outside is shown: not below another root, nor by links or dots, nor beside the configuration', async (t) => {
    const outside = join(temporaryDirectory(t), 'shadow');
    writeFileSync(outside, secret);
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'etc/nginx'), { recursive: true });
    const place = (text: string) => writeFileSync(join(root, 'etc/nginx/nginx.conf'), text);
    symlinkSync(outside, join(root, 'etc/nginx/link.conf'));
    symlinkSync('../../../../../../../../../../..', join(root, 'etc/nginx/up'));
    const includes = [
      ...[
        outside,
        'link.conf',
        `../../../../../../../../../../..${outside}`,
        '/etc/nginx/link.conf',
      ],
      ...[`up${outside}`, `../../../../../../..${outside}*`, `/../../..${outside}`],
    ];
    for (const include of includes) {
      place(`include ${include};\n`);
      for (const args of [
        ['/etc/nginx/nginx.conf', '--root', root],
        [join(root, 'etc/nginx/nginx.conf'), '--root', join(root, 'etc/nginx')],
        [join(root, 'etc/nginx/nginx.conf')],
      ]) {
        const { stdout, stderr } = await doctor(...args);
        assert.doesNotMatch(stdout + stderr, /secret(salt|hash)/, `${include} ${args}`);
      }
    }
    place(`include ${outside};\n`);
    failedInOneLine(
      await doctor(join(root, 'etc/nginx/nginx.conf')),
      3,
      /shadow:1:1: this is no nginx configuration\. What stands there is not shown/,
    );
  });

  test('links within a root lead where they lead there', async (t) => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'etc/nginx/enabled'), { recursive: true });
    mkdirSync(join(root, 'etc/nginx/available'));
    writeFileSync(join(root, 'etc/nginx/nginx.conf'), 'include enabled/*;\n');
    writeFileSync(join(root, 'etc/nginx/available/site'), 'server { location / { return 200; } }');
    symlinkSync('/etc/nginx/available/site', join(root, 'etc/nginx/enabled/site'));
    const { stdout } = await doctor('/etc/nginx/nginx.conf', '--root', root);
    assert.match(stdout, /\(2 files, 1 location,/);
  });

  test('no escape character of a file reaches a terminal', async (t) => {
    const directory = temporaryDirectory(t);
    // OSC 52 sets the clipboard, CSI as one character moves the cursor.
    const evil = 'x\u001b]52;c;ZXZpbA==\u0007\u009b2J\u007fy';
    const file = join(directory, 'site.conf');
    const texts = [
      `server { server_name "${evil}"; location = /auth { internal; proxy_pass http://a; }
        location "/${evil}" { auth_request /auth; error_page 401 =302 "https://${evil}/"; proxy_pass http://b; } }`,
      `# postern-doctor: allow ${evil} ${evil}\nserver { include "${evil}.conf"; }`,
      `server { "${evil}" `,
      `include "${evil}"; "${evil}`,
      `include "${evil}"; "${evil}"x`,
    ];
    for (const text of texts) {
      writeFileSync(file, text);
      const ways = text === texts[0] ? [[], ['--json'], ['--sarif'], ['--fix']] : [[]];
      for (const way of ways) {
        const args = [process.execPath, program, 'doctor', 'config', file, '--fail-on', 'fault'];
        const terminal = await openTerminal(t, [...args, ...way], { NO_COLOR: '1' });
        await terminal.ended();
        const obeyed = [...terminal.shown()].filter((one) => /\p{Cc}/u.test(one));
        assert.deepEqual(new Set(obeyed), new Set(obeyed.length > 0 ? ['\r', '\n'] : []), text);
      }
    }
  });
});
