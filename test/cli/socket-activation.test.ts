import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needProgram } from '../../scripts/programs.ts';
import { exitCodes } from '../../src/cli/toolkit/exit-codes.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { waitFor } from '../../testkit/wait.ts';

const command = [process.execPath, join(packageRoot, 'src/cli/main.ts'), 'serve'] as const;

function environment(t: TestContext, settings: Record<string, string>): Record<string, string> {
  const directory = temporaryDirectory(t);
  return {
    PATH: process.env.PATH ?? '',
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_ADMIN_LISTEN: `unix:${join(directory, 'admin.sock')}`,
    POSTERN_ADMIN_KEY: adminKey,
    ...settings,
  };
}

/** Runs a service with a socket passed to it, by the protocol of sd_listen_fds(3), and says its pid. */
const runOnce = 'echo "pid $$"; LISTEN_PID=$$ exec "$@"';

/**
 * Has systemd's tool open the gate's socket, and start this with the first connection to it. A shell
 * holds the socket from then on.
 */
async function activate(
  t: TestContext,
  at: { listen: string; name?: string },
  env: Record<string, string>,
  program: readonly string[],
): Promise<{ output: () => string; ended: Promise<number | null> }> {
  const passed = Object.entries(env).map(([name, value]) => `--setenv=${name}=${value}`);
  const child = spawn(
    needProgram('systemd-socket-activate'),
    [`--listen=${at.listen}`, `--fdname=${at.name ?? 'gate'}`, ...passed, ...program],
    // A group of its own, so that whatever was started ends with the test.
    { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  t.after(() => {
    if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await waitFor('the socket to be opened', () => output.includes('Listening on'));
  return { output: () => output, ended };
}

test('systemd starts it with the first question, which gets its answer', async (t) => {
  const port = await findFreePort();
  const gate: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port };
  const env = environment(t, { POSTERN_GATE_LISTEN: `127.0.0.1:${port}` });
  await activate(t, { listen: `127.0.0.1:${port}` }, env, command);
  const { status } = await ask(gate, handshakeHeaders);
  assert.equal(status, 401);
});

for (const workers of ['1', '2']) {
  test(`a question that comes between two starts waits for the second one (workers: ${workers})`, async (t) => {
    const path = join(temporaryDirectory(t), 'gate.sock');
    const gate: ListenAddress = { kind: 'unix', path };
    const env = environment(t, { POSTERN_GATE_LISTEN: `unix:${path}`, POSTERN_WORKERS: workers });
    const twice = `for i in 1 2; do sh -c '${runOnce}' sh "$@"; done`;
    const { output } = await activate(t, { listen: path }, env, [
      'sh',
      '-c',
      twice,
      'sh',
      ...command,
    ]);
    const pids = () => [...output().matchAll(/^pid (\d+)$/gm)].map(([, pid]) => Number(pid));
    assert.equal((await ask(gate, handshakeHeaders)).status, 401);

    await waitFor('all workers to be ready', () => output().includes('"ready"'));
    process.kill(pids()[0] ?? 0, 'SIGTERM');
    await waitFor('the first to stop', () => output().includes('"stopped"'));
    assert.equal((await ask(gate, handshakeHeaders)).status, 401);
    assert.equal(pids().length, 2);
  });
}

test('a socket elsewhere than configured, or of another name, is refused in words', async (t) => {
  const [port, other] = [await findFreePort(), await findFreePort()];
  const env = environment(t, { POSTERN_GATE_LISTEN: `127.0.0.1:${port}` });
  const refused = async (name: string) => {
    const { output, ended } = await activate(
      t,
      { listen: `127.0.0.1:${other}`, name },
      env,
      command,
    );
    connect(other, '127.0.0.1').on('error', () => {});
    assert.equal(await ended, exitCodes.unavailable);
    return output();
  };
  assert.match(
    await refused('gate'),
    /socket at port \d+ for gate\.listen, which is 127\.0\.0\.1:\d+\. Set ListenStream=/,
  );
  assert.match(await refused('web'), /a socket named "web".*FileDescriptorName=gate/);
});

test('sockets that were passed to somebody else are left alone', async (t) => {
  const path = join(temporaryDirectory(t), 'gate.sock');
  const { status, stderr } = spawnSync(command[0], [command[1], 'config', 'check'], {
    encoding: 'utf8',
    env: { ...environment(t, {}), LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'other' },
  });
  assert.equal(status, 0, stderr);
  const env = environment(t, { POSTERN_GATE_LISTEN: `unix:${path}` });
  const child = spawn(command[0], command.slice(1), {
    env: { ...env, LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'other' },
    stdio: 'ignore',
  });
  t.after(() => child.kill('SIGKILL'));
  await waitFor('it to listen by itself', async () => await answers(path));
});

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
