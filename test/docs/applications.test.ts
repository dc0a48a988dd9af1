import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { tryHandshake, tryPage } from '../../src/demo/client.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { nginxPrograms } from '../../testkit/nginx/programs.ts';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const page = readFileSync(join(packageRoot, 'docs/applications.md'), 'utf8');
const gates = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

/** The nginx block of each section. */
const recipes = page.split(/^## /m).flatMap((section) => {
  const block = /```nginx\n([\s\S]*?)```/.exec(section)?.[1];
  return block === undefined ? [] : [{ title: section.split('\n')[0] ?? '', block }];
});

test('there is a recipe for the root and for twelve applications', () => {
  assert.equal(recipes.length, 13);
});

async function startRecipe(t: TestContext, block: string, program: string) {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  writeFileSync(file, block.includes('gates/own.conf') ? gates : '{}');
  const postern = await startTestPostern(t, { config: file });
  const { gate: _, ...kit } = bundleOptionsOf(loadConfig({ file, env: {} }).config);
  const site = await startSite(t, {
    gate: postern.gate,
    program,
    kit,
    locations: (backend, include) =>
      block
        .replace(/include \/etc\/nginx\/postern\/(\S+);/g, (_line, name) => include(name))
        .replace(/proxy_pass http:\/\/127\.0\.0\.1:\d+/, backend.replace(/;$/, '')),
  });
  return { postern, site };
}

for (const { name, program } of nginxPrograms) {
  for (const { title, block } of recipes) {
    test(`the nginx block for ${title} works as it stands there (nginx ${name})`, async (t) => {
      const { postern, site } = await startRecipe(t, block, program);
      const { token } = await postern.issue();
      const folder = /location (?:\^~ )?(\S+) \{/.exec(block)?.[1] ?? '';
      const place = folder.endsWith('/') ? folder : `${folder}/`;
      const isRemoved = /proxy_pass \S+\/;/.test(block);
      const queryName = block.includes('gates/own.conf') ? 'postern' : 'token';
      const host = /set \$postern_host "(.*)";/.exec(block)?.[1] ?? `127.0.0.1:${site.nginx.port}`;
      const at = `${place}ws?a=1`;

      assert.equal((await tryHandshake(site.socketUrl + at)).status, 401);
      assert.equal((await tryPage(site.url + at)).status, 401);
      assert.deepEqual(site.backend.seen, []);
      const cookie = { cookie: `postern_token=${token}` };
      const own = { ...cookie, origin: site.url };
      assert.equal((await tryHandshake(site.socketUrl + at, cookie)).status, 401);
      for (const { status, seen } of [
        await tryHandshake(site.socketUrl + at, own),
        await tryHandshake(`${site.socketUrl + at}&${queryName}=${token}`),
      ]) {
        assert.equal(status, 101);
        assert.equal(seen?.url, isRemoved ? '/ws?a=1' : at);
        assert.equal(seen?.headers.host, host);
      }
      if (queryName === 'token') return;
      const { seen } = await tryPage(`${site.url + at}&token=OWN&postern=${token}`, {
        authorization: 'token OWN',
      });
      assert.match(seen?.url ?? '', /\?a=1&token=OWN$/);
      assert.equal(seen?.headers.authorization, 'token OWN');
    });
  }
}
