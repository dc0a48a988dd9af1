import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { needProgram } from '../../../scripts/programs.ts';
import { packageRoot } from '../../../src/lib/resources.ts';
import { findFreePort } from '../../../src/proxies/nginx/process.ts';
import { openTerminal } from '../../../testkit/clients/terminal.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startEcho, startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { runCommand, succeeded } from '../../../testkit/postern/command.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';
import { waitFor } from '../../../testkit/wait.ts';

const command = ['doctor', 'probe'];
const program = join(packageRoot, 'src/cli/main.ts');

/** Runs the command on a terminal, and types when it is asked. */
async function runOnTerminal(
  t: TestContext,
  args: readonly string[],
  { env = {}, type }: { env?: Record<string, string>; type?: { after: string; text: string } } = {},
): Promise<{ code: number | null; shown: string }> {
  const terminal = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
  const all = [process.execPath, program, ...command, ...args];
  const child = spawn(needProgram('python3'), ['-c', terminal, ...all], {
    env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (type !== undefined) {
    await waitFor(`the question ${type.after}`, () => shown.includes(type.after));
    child.stdin.write(type.text);
  }
  return { code: await ended, shown };
}

/** Runs the command with a text on standard input. */
function runWithInput(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...command, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.once('error', reject);
    child.once('close', () => resolve(said));
    child.stdin.end(input);
  });
}

describe('postern doctor probe', { concurrency: 2 }, () => {
  test('ends with 1 for a fault, and says what was seen, what it means and what to change', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 302 /oauth2/sign_in; }');
    const { code, stdout, stderr } = await runCommand([...command, url]);
    assert.equal(code, 1, stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /^fault {4}A handshake is redirected to a login {2}upgrade-redirected$/m);
    assert.match(stdout, /^ {9}seen {3}HTTP 302, Location: http:\S+\/oauth2\/sign_in/m);
    assert.match(stdout, /^ {9}means {2}No WebSocket client can sign in there/m);
    assert.match(
      stdout,
      /^ {9}change One line, in the protected location, directly below the include of$/m,
    );
    assert.match(stdout, /^1 fault, 0 warnings, 2 ok \(3 requests\)\.$/m);
    assert.ok(stdout.split('\n').every((line) => line.length <= 120));
  });

  test('ends with 0 for warnings, and with 1 for them with --fail-on warning', async (t) => {
    const echo = await startEcho(t);
    const url = `ws://127.0.0.1:${echo.port}/`;
    assert.match(succeeded(await runCommand([...command, url])), /0 faults, 1 warning, /);
    const strict = await runCommand([...command, url, '--fail-on', 'warning']);
    assert.equal(strict.code, 1);
  });

  test('ends with 4 when the server cannot be reached', async () => {
    const { code, stdout } = await runCommand([
      ...command,
      `ws://127.0.0.1:${await findFreePort()}/`,
    ]);
    assert.equal(code, 4);
    assert.match(stdout, /connection-failed/);
  });

  test('prints JSON with everything of the report', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 401; }');
    const report = JSON.parse(succeeded(await runCommand([...command, url, '--json'])));
    assert.deepEqual(Object.keys(report), ['target', 'worst', 'findings', 'requests']);
    assert.equal(report.target, url);
    assert.equal(report.worst, 'ok');
    assert.deepEqual(Object.keys(report.findings[1]), [
      ...['code', 'severity', 'title', 'meaning', 'evidence'],
    ]);
  });

  test('takes secrets from files and standard input, and shows none', async (t) => {
    const postern = await startTestPostern(t);
    const site = await startSite(t, postern);
    const { token } = await postern.issue();
    const { token: ticket } = await postern.issueTicket({ expires_in: '2m' });
    const directory = temporaryDirectory(t);
    const write = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const url = `${site.socketUrl}/ws`;
    const files = succeeded(
      await runCommand([
        ...[...command, url, '--token-file', write('token', `${token}\n`)],
        ...['--cookie-file', write('cookie', `postern_token=${token}\r\nsecond line`)],
        ...['--ticket-file', write('ticket', ticket)],
      ]),
    );
    for (const code of ['token-accepted', 'cookie-accepted', 'ticket-single-use']) {
      assert.ok(files.includes(code), files);
    }
    const input = await runWithInput([url, '--token', '-', '--json'], `${token}\n`);
    assert.ok(input.includes('token-accepted'), input);
    for (const secret of [token, ticket]) assert.ok(!`${files}${input}`.includes(secret));
  });

  test('asks for a token on the terminal and shows nothing of it', async (t) => {
    const postern = await startTestPostern(t);
    const site = await startSite(t, postern);
    const { token } = await postern.issue();
    const typed = `${token}X\u007f\r`;
    const { code, shown } = await runOnTerminal(t, [`${site.socketUrl}/ws`, '--token-prompt'], {
      type: { after: 'token: ', text: typed },
    });
    assert.equal(code, 0, shown);
    assert.ok(shown.includes('token-accepted'), shown);
    assert.ok(!shown.includes(token.slice(0, 12)));
  });

  test('tells on a terminal what it looks at, in colours, and without them with NO_COLOR', async (t) => {
    const { url } = await startPlainNginx(t, 'location / { return 401; }');
    const coloured = await runOnTerminal(t, [url]);
    assert.equal(coloured.code, 0);
    assert.ok(coloured.shown.includes('looking at: handshake without a credential'));
    assert.ok(coloured.shown.includes('\u001b[32mok'), coloured.shown);
    const plain = await runOnTerminal(t, [url], { env: { NO_COLOR: '1' } });
    assert.ok(!plain.shown.includes('\u001b[32m'), plain.shown);
  });

  test('explains a message without asking anybody', async () => {
    const known = await runCommand([...command, '--error', 'Unexpected server response: 302']);
    assert.match(succeeded(known), /^Node\.js, ws says this\.\n/);
    assert.match(known.stdout, /upgrade-redirected/);
    const json = await runCommand([...command, '--json', '--error', 'websocket: bad handshake']);
    assert.equal(JSON.parse(succeeded(json)).by, 'Go, gorilla/websocket');
    const near = await runCommand([
      ...command,
      '--error',
      'upstream had prematurely closed its connection, reading the response header',
    ]);
    assert.match(succeeded(near), /^Not sure\./);
    const status = await runCommand([...command, '--error', 'handshake was rejected, HTTP 502']);
    assert.match(
      succeeded(status),
      /^The status in the text says it: 502\.\n[\s\S]*backend-unreachable/,
    );
    const unknown = await runCommand([...command, '--error', 'my dog ate it']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stdout, /message is unknown/);
  });

  const secret = 'hunter2hunter2hunter2';
  const wrong: readonly [args: readonly string[], stderr: RegExp][] = [
    [[], /name an address: wss:\/\/host\/path/],
    [['grist.example.com'], /not a URL; write it as wss:\/\/host\/path/],
    [[`wss://token:${secret}@a.example.com/`], /remove user and password/],
    [['wss://a.example.com/', '--error', 'x'], /give an address or --error, not both/],
    [['wss://a.example.com/', '--connect', 'nowhere'], /--connect takes host:port/],
    [['wss://a.example.com/', '--timeout', '1000'], /--timeout is a duration such as 30s/],
    [['wss://a.example.com/', '--timeout', '1d'], /at most 300s/],
    [['wss://a.example.com/', '--idle', '0s'], /--idle is a duration/],
    [['wss://a.example.com/', '--frame', '1m'], /--frame is a number of bytes/],
    [
      ['wss://a.example.com/', '--origin', 'https://a.example.com/x'],
      /--origin is scheme:\/\/host/,
    ],
    [['wss://a.example.com/', '--protocol', 'a,b'], /"a,b" is no name/],
    [['wss://a.example.com/', '--cookie', secret], /a cookie is name=value/],
    [['wss://a.example.com/', '--token', `${secret}\u00e9`], /token is not one line of at most/],
    [['wss://a.example.com/', '--token', ' '], /the token is empty/],
    [['wss://a.example.com/', '--token', secret, '--token-file', 'x'], /token only once/],
    [['wss://a.example.com/', '--token-prompt'], /--token-prompt needs a terminal/],
    [['wss://a.example.com/', '--token', '-', '--ticket', '-'], /hold only one secret/],
    [['wss://a.example.com/', '--token-file', '/nowhere/t'], /\/nowhere\/t cannot be read: ENOENT/],
    [['wss://a.example.com/', '--ca', '/nowhere/ca'], /\/nowhere\/ca cannot be read: ENOENT/],
    [['wss://a.example.com/', '--ca', program], /holds no certificate in PEM/],
    [['wss://a.example.com/', '--fail-on', 'ok'], /Allowed choices are warning, fault/],
  ];
  for (const [args, stderr] of wrong) {
    const shown = args.join(' ').replaceAll(secret, '(secret)').replaceAll(program, '(a file)');
    test(`"${shown}" ends with 2 and says why, without the secret`, async () => {
      const ended = await runCommand([...command, ...args]);
      assert.equal(ended.code, 2, ended.stderr);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.stdout, '');
      assert.ok(!ended.stderr.includes(secret));
    });
  }

  test('what is typed before the question for a token is complete is not shown', async (t) => {
    const secret = 'typed-very-quickly';
    const probe = [process.execPath, program, ...command, 'ws://127.0.0.1:1/', '--token-prompt'];
    const terminal = await openTerminal(t, probe, {}, { held: true });
    // The program can write nothing yet, and listens already.
    await waitFor('the terminal is silent', async () => !(await terminal.echoes()));
    await terminal.type(`${secret}-1`);
    await terminal.go();
    await terminal.shows(/token: /);
    await terminal.type(`${secret}-2\r`);
    await terminal.shows(/127\.0\.0\.1:1[\s\S]*refused/i);
    assert.ok(!terminal.shown().includes(secret), terminal.shown());
  });
});
