import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, handshakeHeaders } from './support/ask.ts';
import { startTestPostern } from './support/postern.ts';

test('a handshake with a token in a cookie from the same host is let through', async (t) => {
  const postern = await startTestPostern(t);
  const { token, id } = await postern.issue({ subject: 'alice' });
  const answer = await ask(postern.gate, { ...handshakeHeaders, cookie: `postern_token=${token}` });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['remote-user'], 'alice');
  assert.equal(answer.headers['x-postern-token-id'], id);
  assert.equal(answer.body, '');
});
