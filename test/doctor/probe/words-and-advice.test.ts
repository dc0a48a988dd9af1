import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake } from '../../../src/demo/client.ts';
import { catalog } from '../../../src/doctor/probe/catalog.ts';
import { findingOf, probe, startEcho, startPlainNginx } from '../../../testkit/doctor/probe.ts';
import { startNodeApplication } from '../../../testkit/servers/applications/index.ts';

test('ordinary words in the address hide none of what is shown', async (t) => {
  const port = await startNodeApplication(t, (_, response) =>
    response.writeHead(400).end('Can "Upgrade" only to "WebSocket".'),
  );
  const address = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket&type=Upgrade`;
  const report = await probe(address);
  const { evidence, meaning, change } = findingOf(report, 'upgrade-headers-missing');
  assert.match(evidence, /^Upgrade is missing: HTTP 400, "Can "Upgrade" only to "WebSocket"\."$/);
  assert.ok(!`${evidence}${meaning}${change}`.includes('***'));
  assert.match(report.target, /transport=…&type=…$/);
});

test('the advice against foreign origins keeps them out without a redirect', async (t) => {
  const { change = '' } = catalog['cross-site-accepted'];
  const [, map = ''] = /In http: "(map .*?)"; in the location/.exec(change) ?? [];
  const [, rule = ''] = /before everything else: "(.*?)"\./.exec(change) ?? [];
  const backend = await startEcho(t);
  const { url } = await startPlainNginx(
    t,
    `location / {
       ${rule}
       auth_request /auth; error_page 401 = @login;
       proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
       proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:${backend.port};
     }
     location = /auth {
       internal;
       if ($cookie_session = "good-one") { return 200; }
       return 401;
     }
     location @login { return 302 https://login.example.com/; }`,
    { http: map.replace('https://your.host', 'http://your.host') },
  );
  const settings = { cookie: 'session=good-one', origin: 'http://your.host' };
  const report = await probe(url, settings);
  findingOf(report, 'cookie-accepted');
  findingOf(report, 'cross-site-refused');
  const foreign = await tryHandshake(url, {
    cookie: 'session=good-one',
    origin: 'https://evil.example',
  });
  assert.equal(foreign.status, 403);
});
