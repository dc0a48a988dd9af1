import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { type ListenAddress, renderListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { openTerminal } from '../../testkit/clients/terminal.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { failedInOneLine, runCommand, succeeded } from '../../testkit/postern/command.ts';
import {
  programEnvironment,
  startTestProgram,
  type TestProgram,
} from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

const program = join(packageRoot, 'src/cli/main.ts');

describe('postern serve', { concurrency: 4 }, () => {
  test('the first start makes an admin key, puts it into a file for its owner that the log names, and keeps only its hash', async (t) => {
    const { env, dataDir } = programEnvironment(t, { POSTERN_ADMIN_KEY: '' });
    const first = await startTestProgram(t, { env });
    const { key, file } = await announcedKey(first);
    assert.equal(file, join(dataDir, 'first-admin-key'));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    rmSync(file);
    const withKey = { ...env, POSTERN_ADMIN_KEY: key };
    const token = succeeded(await runCommand(['token', 'issue', 'alice'], withKey)).trim();
    await ask(first.gate, { ...handshakeHeaders, cookie: `postern_token=${token}` });
    const logs = [await first.end('SIGTERM')];

    const second = await startTestProgram(t, { env });
    succeeded(await runCommand(['token', 'list'], withKey));
    logs.push(await second.end('SIGTERM'));
    assert.deepEqual(
      logs.map(({ code }) => code),
      [0, 0],
    );
    assert.deepEqual(
      logs.map(({ stderr }) => stderr),
      ['', ''],
    );
    assert.ok(!existsSync(file), 'it is made once');

    const files = readdirSync(dataDir).map((name) => readFileSync(join(dataDir, name), 'latin1'));
    assert.ok(files.some((file) => file.includes('alice')));
    assert.ok(logs.some(({ stdout }) => stdout.includes('"event":"decision"')));
    for (const text of [...logs.map(({ stdout }) => stdout), ...files]) {
      assert.ok(!text.includes(key.slice(4, 40)));
      assert.ok(!text.includes(token.slice(4, 40)));
    }
  });

  test('on a terminal the first start shows the key, and writes it nowhere', async (t) => {
    const { env, dataDir } = programEnvironment(t, { POSTERN_ADMIN_KEY: '' });
    const terminal = await openTerminal(t, [process.execPath, program, 'serve'], env);
    await terminal.shows(/psa_[0-9A-Za-z]{49} /);
    await terminal.shows(/"?ready"?/);
    assert.ok(!existsSync(join(dataDir, 'first-admin-key')));
  });

  test('a configured admin key is the only one that counts, and is never shown', async (t) => {
    const { env } = programEnvironment(t);
    const made = await startTestProgram(t, { env: { ...env, POSTERN_ADMIN_KEY: '' } });
    const { key } = await announcedKey(made);
    assert.equal((await made.end('SIGTERM')).code, 0);
    const configured = await startTestProgram(t, { env });
    assert.equal((await runCommand(['token', 'list'], { ...env, POSTERN_ADMIN_KEY: key })).code, 1);
    succeeded(await runCommand(['token', 'list'], env));
    const { stdout, stderr } = await configured.end('SIGTERM');
    assert.equal(stderr, '');
    assert.ok(!stdout.includes(adminKey));
  });

  test('SIGTERM ends it in order while requests are half-sent and a connection is idle', async (t) => {
    const service = await startTestProgram(t);
    const sockets = [
      await halfSent(t, service.gate),
      await halfSent(t, service.admin),
      await connectTo(t, service.gate),
    ];
    const { code, stdout, stderr } = await service.end('SIGTERM');
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /"event":"stop","signal":"SIGTERM","msg":"stopping"/);
    assert.match(stdout, /"event":"stop","msg":"stopped"\}\n$/);
    await waitFor('all connections to be closed', () => sockets.every(({ closed }) => closed));
  });

  test('a subrequest that is half-sent when it is told to stop is still answered', async (t) => {
    const service = await startTestProgram(t);
    const socket = await halfSent(t, service.gate, '/auth');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const ended = service.end('SIGTERM');
    await waitFor('the service to be stopping', () => service.stdout().includes('"stopping"'));
    socket.write('X-Original-URI: /\r\n\r\n');
    assert.equal((await ended).code, 0);
    await waitFor('the connection to be closed', () => socket.closed);
    assert.match(answer, /^HTTP\/1\.1 401 .*\r\nx-postern-reason: no_credential\r\n.*\r\n\r\n$/is);
  });

  test('a second signal ends it at once', async (t) => {
    const service = await startTestProgram(t);
    await halfSent(t, service.gate);
    const ended = service.end('SIGTERM');
    await waitFor('the service to be stopping', () => service.stdout().includes('"stopping"'));
    service.end('SIGINT');
    const { code, stdout } = await ended;
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /"stopped"/);
  });

  test('a second instance on the same port or socket says so in one line', async (t) => {
    const { env } = programEnvironment(t, { POSTERN_GATE_LISTEN: '127.0.0.1:0' });
    const first = await startTestProgram(t, { env });
    for (const [listener, variable] of [
      ['gate', 'POSTERN_GATE_LISTEN'],
      ['admin', 'POSTERN_ADMIN_LISTEN'],
    ] as const) {
      const taken = renderListenAddress(first[listener]);
      const second = await runCommand(['serve'], programEnvironment(t, { [variable]: taken }).env);
      failedInOneLine(second, 4, /another process listens there, perhaps another Postern/);
      assert.ok(second.stderr.includes(`cannot listen on ${taken} (${listener}.listen)`));
    }
    assert.equal(
      succeeded(await runCommand(['token', 'list', '--json'], env)).includes('"tokens"'),
      true,
    );
  });

  test('a socket that a killed instance left behind is taken over', async (t) => {
    const { env, directory } = programEnvironment(t);
    const first = await startTestProgram(t, { env });
    await first.end('SIGKILL');
    assert.ok(existsSync(join(directory, 'gate.sock')));
    const second = await startTestProgram(t, { env });
    assert.equal((await ask(second.gate)).status, 401);
  });

  test('a file in the place of the socket is left alone', async (t) => {
    const { env, directory } = programEnvironment(t);
    const path = join(directory, 'precious.txt');
    writeFileSync(path, 'precious');
    const ended = await runCommand(['serve'], { ...env, POSTERN_GATE_LISTEN: `unix:${path}` });
    failedInOneLine(ended, 4, /cannot listen on unix:.*precious\.txt \(gate\.listen\)/);
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  test('anybody may ask at the gate’s socket, and only the owner at the admin’s', async (t) => {
    const { env, directory } = programEnvironment(t);
    await startTestProgram(t, { env });
    const modes = ['gate.sock', 'admin.sock'].map(
      (name) => statSync(join(directory, name)).mode & 0o777,
    );
    assert.deepEqual(modes, [0o666, 0o600]);
  });

  test('a data directory that cannot be made is one line and no stack trace', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    writeFileSync(dataDir, 'precious');
    const ended = await runCommand(['serve'], { ...env, POSTERN_DATA_DIR: join(dataDir, 'below') });
    failedInOneLine(ended, 4, /cannot use the token store .*below.*POSTERN_DATA_DIR/);
  });

  test('a broken database is one line and no stack trace', async (t) => {
    const { env, dataDir, directory } = programEnvironment(t);
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'postern.db'), 'this is no database\n'.repeat(100));
    failedInOneLine(await runCommand(['serve'], env), 4, /postern\.db: file is not a database/);
    assert.equal(existsSync(join(directory, 'gate.sock')), false);
  });

  test('a socket in a directory that does not exist is one line that says so', async (t) => {
    const { env, directory } = programEnvironment(t);
    const path = join(directory, 'missing', 'admin.sock');
    const ended = await runCommand(['serve'], { ...env, POSTERN_ADMIN_LISTEN: `unix:${path}` });
    failedInOneLine(ended, 4, /\(admin\.listen\): the directory does not exist/);
    assert.equal(existsSync(join(directory, 'gate.sock')), false, 'the gate is closed again');
  });

  test('healthcheck says ok only while the service runs and its store answers', async (t) => {
    const { env, dataDir } = programEnvironment(t);
    const service = await startTestProgram(t, { env });
    assert.equal(succeeded(await runCommand(['healthcheck'], env)), 'ok\n');
    const db = new Database(join(dataDir, 'postern.db'));
    db.exec('ALTER TABLE token RENAME TO elsewhere');
    db.close();
    failedInOneLine(await runCommand(['healthcheck'], env), 1, /store: \/readyz answered 503/);
    await service.end('SIGTERM');
    failedInOneLine(await runCommand(['healthcheck'], env), 4, /cannot reach Postern at unix:/);
  });

  test('an admin API beyond this machine is warned of', async (t) => {
    const service = await startTestProgram(t, { env: { POSTERN_ADMIN_LISTEN: '0.0.0.0:0' } });
    assert.match(service.stdout(), /"event":"exposure".*beyond this machine/);
  });
});

/** The admin key that a first start writes into a file, and that file. */
async function announcedKey(service: TestProgram): Promise<{ key: string; file: string }> {
  const find = () => service.stdout().match(/"event":"admin_key","file":"([^"]+)"/)?.[1];
  await waitFor('the admin key', () => find() !== undefined);
  const file = find() ?? '';
  return { key: readFileSync(file, 'utf8').trim(), file };
}

function connectTo(t: TestContext, address: ListenAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      address.kind === 'unix' ? connect(address.path) : connect(address.port, address.host);
    t.after(() => socket.destroy());
    socket.resume();
    socket.once('connect', () => resolve(socket));
    socket.on('error', reject);
  });
}

/** A connection on which one request was answered and the next is not there in full. */
async function halfSent(
  t: TestContext,
  address: ListenAddress,
  path = '/healthz',
): Promise<Socket> {
  const socket = await connectTo(t, address);
  const answered = new Promise((resolve) => socket.once('data', resolve));
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: app.example.com\r\n`;
  socket.write(`${request('/healthz')}\r\n${request(path)}`);
  await answered;
  return socket;
}
