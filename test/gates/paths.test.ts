import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTarget } from '../../src/core/gate/handshake.ts';
import { resolvePath } from '../../src/core/gate/path.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';

/** Parts of which nasty paths are made, more often than chance would make them. */
const parts = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '//', '.', '..', '/.', '/..', '/../', '/./', 'a') },
  { weight: 3, arbitrary: fc.constantFrom('%2f', '%2F', '%2e', '%2E%2e', '%5c', '\\', '%25', '%') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('%252f', '%00', '%7f', ';', ';x', '?', '#', '+', '~', '%zz'),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0x21, max: 0xff }).map((c) => String.fromCharCode(c)) },
);
const targets = fc.array(parts, { maxLength: 12 }).map((some) => `/${some.join('')}`);

test('whatever a client asks for, the path is the one that nginx resolved', async (t) => {
  const nginx = await startTestNginx(t, {
    http: (port) => `
  server {
    listen 127.0.0.1:${port};
    access_log off;
    location / { return 200 "<$uri>"; }
  }`,
  });

  const check = async (target: string) => {
    const request = `GET ${target} HTTP/1.1\nHost: a\nConnection: close\n\n`;
    const { status, text } = await sendRaw(nginx.port, request, { body: true });
    const parsed = parseTarget(target);
    const resolved = parsed && resolvePath(parsed.path);
    if (target.includes('#') || /^[^?]*%(?:[01][0-9a-f]|7f)/i.test(target)) {
      assert.equal(parsed, undefined, target);
    } else if (status === 400) {
      assert.equal(resolved, undefined, target);
    } else {
      assert.equal(status, 200, target);
      assert.equal(resolved, /<(.*)>$/s.exec(text)?.[1], target);
    }
  };
  for (const target of ['/', '/a/../b', '/a%2f..%2fb', '//a///b', '/..', '/a/.', '/%2e%2e/%61']) {
    await check(target);
  }
  await fc.assert(fc.asyncProperty(targets, check), { numRuns: 1_500, includeErrorInReport: true });
});
