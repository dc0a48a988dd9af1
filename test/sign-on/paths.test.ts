import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isDenial } from '../../src/core/model/verdict.ts';
import { startAnswering } from '../../testkit/sign-on/answering-server.ts';
import { openBridge, outcomeOf } from './fixture.ts';

/**
 * A sign-on service with a rule for paths: `/public` is for everybody, and what else there is for alice. It
 * goes by the path that it is told, as it stands.
 */
async function startRuled(t: TestContext) {
  const told: string[] = [];
  const { url } = await startAnswering(t, (question, response) => {
    const address = String(question.headers['x-original-url']);
    const pathname = /^https?:\/\/[^/]+(\/[^?]*)/.exec(address)?.[1] ?? '';
    told.push(pathname);
    const isAlice = question.headers.cookie !== undefined;
    if (isAlice) response.writeHead(200, { 'remote-user': 'alice' }).end();
    else response.writeHead(pathname.startsWith('/public') ? 200 : 401).end();
  });
  return { bridge: openBridge(t, { url }), told };
}

const cookie = 'tinyauth-session-0123abcd=x';

test('the service is told the path that was judged, and has to admit what the client sent as well', async (t) => {
  const { bridge, told } = await startRuled(t);
  for (const path of ['/public/../admin/x', '/public/%2e%2e/admin/x', '/public/..%2fadmin/x']) {
    told.length = 0;
    assert.equal(outcomeOf(await bridge.about({ path })), 'sign_on_denied', path);
    assert.deepEqual(told, ['/admin/x']);
  }
  for (const path of ['/admin/../public/x', '/admin/%2e%2e/public/x', '/admin%2f../public/x']) {
    const found = await bridge.about({ path });
    assert.ok(isDenial(found) && found.reason === 'ambiguous_path', path);
    assert.equal(outcomeOf(await bridge.about({ path, cookie })), 'alice', path);
  }
});

test('a path that can be read in one way is asked about once, as the client wrote it', async (t) => {
  const { bridge, told } = await startRuled(t);
  for (const path of ['/public/x', '/public/caf%C3%A9', '/public/a%20b', '/public/.well-known/x']) {
    told.length = 0;
    assert.equal(outcomeOf(await bridge.about({ path })), 'anonymous', path);
    assert.deepEqual(told, [path]);
  }
});
