import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { flavourSites } from '../../../testkit/nginx/flavours.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

const spoofed = { 'x-postern-expires-at': '2999-01-01T00:00:00.000Z' };

const sites = [
  ...flavourSites,
  ...nginxPrograms.map(
    ({ name, program }) =>
      [`nginx ${name}`, (t, { gate }) => startSite(t, { gate, program })] as const satisfies [
        string,
        (typeof flavourSites)[number][1],
      ],
  ),
];

for (const [name, start] of sites) {
  test(`${name}: the backend gets the expiry of the token, and never the client's own header`, async (t) => {
    const postern = await startTestPostern(t);
    const site = await start(t, { gate: postern.gate });
    const seen = () => site.backend.seen.at(-1)?.headers['x-postern-expires-at'];

    const expiry = '2031-05-06T07:08:09.000Z';
    const { token } = await postern.issue({ expires_at: expiry });
    assert.equal((await tryHandshake(`${site.socketUrl}/ws?token=${token}`, spoofed)).status, 101);
    assert.equal(seen(), expiry);
    assert.equal((await tryPage(`${site.url}/?token=${token}`, spoofed)).status, 200);
    assert.equal(seen(), expiry);

    const forever = await postern.issue({ expires_in: 'never' });
    const url = `${site.socketUrl}/ws?token=${forever.token}`;
    assert.equal((await tryHandshake(url, spoofed)).status, 101);
    assert.equal(seen(), undefined);
  });
}
