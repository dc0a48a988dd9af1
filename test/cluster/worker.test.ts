import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterHandlers } from '../../src/cluster/bus.ts';
import { joinPrimary } from '../../src/cluster/worker.ts';

test('a notice that comes while a worker starts is handled once it serves', async () => {
  const joining = joinPrimary();
  const receive = (message: object) => process.emit('message', message, undefined);
  receive({ kind: 'start', maintains: false });
  const worker = await joining;
  receive({ kind: 'notice', topic: 'reload', content: 'request' });
  const reloads: string[] = [];
  const handlers = { notices: { reload: (why: string) => reloads.push(why) }, questions: {} };
  const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
  worker.ready({ gate: address, admin: address }, handlers as unknown as ClusterHandlers);
  assert.deepEqual(reloads, ['request']);
  receive({ kind: 'notice', topic: 'reload', content: 'signal' });
  assert.deepEqual(reloads, ['request', 'signal']);
});
