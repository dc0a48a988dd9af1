import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { tryHandshake, tryPage } from '../../../src/demo/client.ts';
import { bundleOptionsOf } from '../../../src/proxies/nginx/bundle-options.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { startSite } from '../../../testkit/nginx/site.ts';
import { startTestPostern } from '../../../testkit/postern/start.ts';

const gates = `
gates:
  lab: { paths: [/lab], query: [postern] }
  chat: { paths: [/chat] }
`;

for (const { name, program } of nginxPrograms) {
  test(`each named gate takes its own parameters out of the query, and no others (nginx ${name})`, async (t) => {
    const file = join(temporaryDirectory(t), 'postern.yaml');
    writeFileSync(file, gates);
    const postern = await startTestPostern(t, { config: file });
    const { gate: _, ...kit } = bundleOptionsOf(loadConfig({ file, env: {} }).config);
    const site = await startSite(t, {
      gate: postern.gate,
      program,
      kit,
      locations: (backend, include) =>
        ['lab', 'chat']
          .map(
            (gate) =>
              `location /${gate} { ${include(`gates/${gate}.conf`)} ${include('postern-proxy.conf')} ${backend} }`,
          )
          .join('\n'),
    });
    const { token } = await postern.issue();
    const cookie = { cookie: `postern_token=${token}`, origin: site.url };
    const seenAt = async (target: string, headers: Record<string, string> = {}) => {
      const page = await tryPage(site.url + target, headers);
      const socket = await tryHandshake(site.socketUrl + target, headers);
      assert.deepEqual([page.status, socket.status], [200, 101], target);
      assert.equal(page.seen?.url, socket.seen?.url);
      return page.seen?.url;
    };
    assert.equal(await seenAt('/lab?token=own&a=1', cookie), '/lab?token=own&a=1');
    assert.equal(await seenAt(`/lab?token=own&postern=${token}&a=1`), '/lab?token=own&a=1');
    assert.equal(await seenAt(`/chat?postern=own&token=${token}`), '/chat?postern=own');
    assert.equal((await tryPage(`${site.url}/lab?token=${token}`)).status, 401);
    // A page of one gate asks at another.
    const referer = `${site.url}/chat?token=${token}`;
    const { seen } = await tryPage(`${site.url}/lab`, { ...cookie, referer });
    assert.equal(seen?.headers.referer, undefined);
    assert.ok(!JSON.stringify(site.backend.seen.map(({ url }) => url)).includes(token));
    assert.ok(!site.accessLog().includes(token));
    assert.doesNotMatch(site.accessLog(), /token=own|postern=own/);
  });
}
