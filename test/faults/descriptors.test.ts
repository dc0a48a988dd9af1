import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { startTestProgram } from '../../testkit/postern/program.ts';
import { waitFor } from '../../testkit/wait.ts';

/** Descriptors that a process of the test may have open. */
const most = 64;
const through = ['bash', '-c', `ulimit -n ${most} && exec "$@"`, 'bash'];

/** Opens connections and holds them, whatever becomes of them. */
function hold(t: TestContext, address: ListenAddress & { kind: 'unix' }, count: number): Socket[] {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(address.path);
    socket.on('error', () => {});
    return socket;
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

test('a service without file descriptors to spare survives, and answers when it has some again', async (t) => {
  const service = await startTestProgram(t, { singleProcess: true, through });
  const { gate } = service;
  assert.ok(gate.kind === 'unix');
  const token = await service.issue();
  const ticket = await service.issue('tickets');
  const inUse = () => readdirSync(`/proc/${service.pid}/fd`).length;

  for (let round = 0; round < 3; round++) {
    const sockets = hold(t, gate, 3 * most);
    await waitFor('the descriptors to be used up', () => inUse() >= most - 1);
    // Asked while there are none: an answer, or a closed connection, and no dead process.
    await Promise.allSettled(Array.from({ length: 10 }, () => ask(gate)));
    assert.ok(inUse() > 0, 'it is alive');
    for (const socket of sockets) socket.destroy();
    await waitFor('an answer', () =>
      ask(gate).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );
    assert.equal(await service.knock(token), '200');
  }

  assert.equal(await service.knock(ticket), '200');
  assert.equal(await service.knock(ticket), '401 already_used');
  assert.equal((await service.end('SIGTERM')).code, 0);
});

test('checkpoints that cannot have a thread for want of descriptors end nothing', async (t) => {
  const service = await startTestProgram(t, { singleProcess: true, through });
  const { gate } = service;
  assert.ok(gate.kind === 'unix');
  const inUse = () => readdirSync(`/proc/${service.pid}/fd`).length;
  // All but the connection that the writes come by, and one or two.
  hold(t, gate, most - inUse() - 3);
  await waitFor('the descriptors to be nearly used up', () => inUse() >= most - 3);
  const claims = { text: 'x'.repeat(3_500) };
  const issued = [];
  // More than a thousand pages: enough for a checkpoint.
  for (let i = 0; i < 600; i++) issued.push(await service.issue('tokens', { claims }));
  const [first] = issued;
  assert.ok(first !== undefined);
  assert.equal(await service.knock(first), '200');
});
